-- The schema after all migrations; a test compares. Never edit by hand.

CREATE TABLE journal_identity (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    station_code TEXT NOT NULL,
    hardware_id BLOB NOT NULL CHECK (length(hardware_id) = 16)
) STRICT;

CREATE TABLE log (
    number INTEGER PRIMARY KEY,
    identity_number INTEGER NOT NULL,
    lid BLOB NOT NULL UNIQUE CHECK (length(lid) = 16),
    nonce BLOB NOT NULL CHECK (length(nonce) = 8),
    tag TEXT NOT NULL UNIQUE,
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 2),
    boot_id BLOB NOT NULL CHECK (length(boot_id) = 8),
    parent_lid BLOB,
    parent_size INTEGER,
    parent_root BLOB,
    size INTEGER NOT NULL CHECK (size >= 0),
    frontier BLOB NOT NULL,
    dossiers INTEGER NOT NULL DEFAULT 0,
    opened_wall_ms INTEGER,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed', 'abandoned')),
    recovered INTEGER NOT NULL DEFAULT 0 CHECK (recovered IN (0, 1))
) STRICT;

CREATE TABLE record (
    position INTEGER PRIMARY KEY CHECK (position >= 0),
    log_number INTEGER GENERATED ALWAYS AS (position >> 20) VIRTUAL,
    sequence INTEGER GENERATED ALWAYS AS (position & 1048575) VIRTUAL,
    leaf BLOB NOT NULL CHECK (length(leaf) = 32),
    eid BLOB NOT NULL CHECK (length(eid) = 16),
    subject BLOB,
    kind INTEGER NOT NULL,
    version INTEGER NOT NULL,
    wall_ms INTEGER,
    raw BLOB NOT NULL,
    origin INTEGER
) STRICT;

CREATE TABLE blob (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
    plain_digest BLOB NOT NULL CHECK (length(plain_digest) = 32),
    plain_bytes INTEGER NOT NULL CHECK (plain_bytes > 0),
    sealed_bytes INTEGER NOT NULL CHECK (sealed_bytes > 0),
    key_id BLOB NOT NULL CHECK (length(key_id) = 8),
    media_type TEXT NOT NULL,
    subject BLOB CHECK (length(subject) = 16),
    captured_wall_ms INTEGER,
    purged INTEGER NOT NULL DEFAULT 0 CHECK (purged IN (0, 1))
) STRICT;

CREATE TABLE request_to_daemon (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('stick_export', 'stick_import', 'enrol')),
    argument TEXT NOT NULL DEFAULT '',
    asked_wall_ms INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX record_by_command ON record (eid) WHERE origin IS NULL;

CREATE UNIQUE INDEX record_by_origin ON record (origin) WHERE origin IS NOT NULL;

CREATE INDEX record_by_subject ON record (subject) WHERE subject IS NOT NULL;

CREATE INDEX blob_by_plain ON blob (plain_digest);

CREATE INDEX blob_by_subject ON blob (subject) WHERE subject IS NOT NULL;

CREATE TRIGGER record_is_never_changed BEFORE UPDATE ON record
WHEN length(new.raw) > 0 OR new.position <> old.position OR new.leaf <> old.leaf
    OR new.eid <> old.eid OR new.subject IS NOT old.subject OR new.kind <> old.kind
    OR new.version <> old.version OR new.wall_ms IS NOT old.wall_ms
    OR new.origin IS NOT old.origin
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TRIGGER record_is_never_deleted BEFORE DELETE ON record
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
