-- Paper made ahead, and slips that can be checked.
-- Public halves of the station's slip keys, kept for ever. `ended` is empty while the key is good,
-- else the JSON of the positions up to which its slips stay good (null: none).
CREATE TABLE slip_key (
    kid BLOB PRIMARY KEY CHECK (length(kid) = 4),
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    announced_at TEXT NOT NULL,
    ended TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

-- Numbers set aside for slips written by hand; `position` is that of the kit's record.
CREATE TABLE paper_kit (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    size INTEGER NOT NULL CHECK (size > 0),
    officer_id TEXT NOT NULL,
    made_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE paper_slip (
    number TEXT PRIMARY KEY,
    kit TEXT NOT NULL REFERENCES paper_kit (name),
    place INTEGER NOT NULL CHECK (place > 0),
    state TEXT NOT NULL,
    dossier_id BLOB CHECK (length(dossier_id) = 16),
    officer_id TEXT NOT NULL DEFAULT '',
    changed_at TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
