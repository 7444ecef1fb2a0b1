-- Browsers that stand for a kiosk, each by the digest of its cookie. One browser for each seat: a
-- card scanned there has one page to go to.
CREATE TABLE seat (
    name TEXT PRIMARY KEY,
    token_id BLOB NOT NULL UNIQUE CHECK (length(token_id) = 32),
    paired_by TEXT NOT NULL,
    paired_wall_ms INTEGER NOT NULL,
    seen_wall_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
