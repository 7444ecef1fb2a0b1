-- What a visitor leaves at the kiosk besides a dossier.

-- A paper photographed before its dossier exists: sealed for the city on the disk already, named by
-- the draft it belongs to and by the command that will hand the dossier in.
CREATE TABLE capture (
    draft_id BLOB NOT NULL CHECK (length(draft_id) = 32),
    name TEXT NOT NULL,
    command_id BLOB NOT NULL CHECK (length(command_id) = 16),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    plain_digest BLOB NOT NULL CHECK (length(plain_digest) = 32),
    plain_bytes INTEGER NOT NULL,
    sealed_bytes INTEGER NOT NULL,
    key_id BLOB NOT NULL,
    media_type TEXT NOT NULL,
    captured_wall_ms INTEGER NOT NULL,
    PRIMARY KEY (draft_id, name)
) STRICT, WITHOUT ROWID;

-- The way back to an unfinished form: its secret, sealed under the card or the code on paper.
CREATE TABLE draft_key (
    id BLOB PRIMARY KEY CHECK (length(id) = 32),
    sealed BLOB NOT NULL,
    made_wall_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How the service was. No time of day: it would tell who it was.
CREATE TABLE rating (
    key TEXT PRIMARY KEY,
    day TEXT NOT NULL,
    score TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE INDEX rating_of_day ON rating (day);

-- Visitors who asked for a person to come; open while outcome is empty.
CREATE TABLE staff_call (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    called_at TEXT NOT NULL,
    ended_at TEXT NOT NULL DEFAULT '',
    outcome TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX staff_call_open ON staff_call (id) WHERE outcome = '';
