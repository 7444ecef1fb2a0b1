-- The schema after all migrations; a test compares. Never edit by hand.

CREATE TABLE journal_identity (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    station_code TEXT NOT NULL,
    hardware_id BLOB NOT NULL CHECK (length(hardware_id) = 16)
) STRICT;

CREATE TABLE log (
    number INTEGER PRIMARY KEY,
    lid BLOB NOT NULL UNIQUE CHECK (length(lid) = 16),
    nonce BLOB NOT NULL CHECK (length(nonce) = 8),
    tag TEXT NOT NULL UNIQUE,
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 2),
    parent_lid BLOB,
    parent_size INTEGER,
    parent_root BLOB,
    size INTEGER NOT NULL CHECK (size >= 0),
    frontier BLOB NOT NULL,
    dossiers INTEGER NOT NULL DEFAULT 0,
    opened_wall_ms INTEGER,
    closed INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1))
) STRICT;

CREATE TABLE record (
    position INTEGER PRIMARY KEY CHECK (position >= 0),
    log_number INTEGER GENERATED ALWAYS AS (position >> 20) VIRTUAL,
    sequence INTEGER GENERATED ALWAYS AS (position & 1048575) VIRTUAL,
    leaf BLOB NOT NULL CHECK (length(leaf) = 32),
    eid BLOB NOT NULL UNIQUE CHECK (length(eid) = 16),
    subject BLOB,
    kind INTEGER NOT NULL,
    version INTEGER NOT NULL,
    wall_ms INTEGER,
    raw BLOB NOT NULL
) STRICT;

CREATE INDEX record_by_subject ON record (subject) WHERE subject IS NOT NULL;

CREATE TRIGGER record_is_never_changed BEFORE UPDATE ON record
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TRIGGER record_is_never_deleted BEFORE DELETE ON record
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
