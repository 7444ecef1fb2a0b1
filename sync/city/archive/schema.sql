-- The schema after all migrations; a test compares. Never edit by hand.

CREATE TABLE city (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    generation BLOB NOT NULL CHECK (length(generation) = 8)
) STRICT;

CREATE TABLE log (
    id INTEGER PRIMARY KEY,
    lid BLOB NOT NULL UNIQUE CHECK (length(lid) = 16),
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    station INTEGER NOT NULL,
    number INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    parent_lid BLOB,
    parent_size INTEGER,
    parent_root BLOB,
    size INTEGER NOT NULL CHECK (size >= 0),
    frontier BLOB NOT NULL,
    applied INTEGER NOT NULL DEFAULT 0 CHECK (applied BETWEEN 0 AND size),
    archived INTEGER NOT NULL DEFAULT 0 CHECK (archived BETWEEN 0 AND size),
    first_received_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE batch (
    number INTEGER PRIMARY KEY,
    log_id INTEGER NOT NULL REFERENCES log (id),
    first INTEGER NOT NULL,
    count INTEGER NOT NULL CHECK (count >= 1),
    signed BLOB NOT NULL,
    received_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE record (
    log_id INTEGER NOT NULL REFERENCES log (id),
    sequence INTEGER NOT NULL CHECK (sequence >= 0),
    batch INTEGER NOT NULL,
    kind INTEGER,
    eid BLOB,
    subject BLOB,
    version INTEGER,
    leaf BLOB NOT NULL CHECK (length(leaf) = 32),
    raw BLOB,
    PRIMARY KEY (log_id, sequence)
) STRICT;

CREATE TABLE verdict (
    log_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    code TEXT NOT NULL,
    PRIMARY KEY (log_id, sequence),
    FOREIGN KEY (log_id, sequence) REFERENCES record (log_id, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE effect (
    eid BLOB PRIMARY KEY CHECK (length(eid) = 16),
    log_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    node_id BLOB NOT NULL,
    station INTEGER NOT NULL,
    lid BLOB NOT NULL,
    reason TEXT NOT NULL,
    raw BLOB NOT NULL,
    received_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE notice (
    log_id INTEGER NOT NULL REFERENCES log (id),
    code TEXT NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (log_id, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE contact (
    node_id BLOB PRIMARY KEY CHECK (length(node_id) = 16),
    station INTEGER NOT NULL,
    last_contact_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE register_dossier (
    dossier_id BLOB PRIMARY KEY CHECK (length(dossier_id) = 16),
    dossier_no TEXT NOT NULL DEFAULT '',
    station INTEGER NOT NULL,
    procedure_id TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL DEFAULT '',
    version INTEGER NOT NULL DEFAULT 0,
    last_kind INTEGER NOT NULL,
    events INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE register_station (
    station INTEGER PRIMARY KEY,
    dossiers INTEGER NOT NULL
) STRICT;

CREATE INDEX log_by_station ON log (station, id);

CREATE INDEX log_by_parent ON log (parent_lid) WHERE parent_lid IS NOT NULL;

CREATE INDEX log_not_entered ON log (id) WHERE applied < size;

CREATE INDEX quarantine_by_node ON quarantine (node_id);

CREATE TRIGGER record_is_never_changed BEFORE UPDATE ON record
BEGIN SELECT RAISE(ABORT, 'the archive is append-only'); END;

CREATE TRIGGER record_is_never_deleted BEFORE DELETE ON record
BEGIN SELECT RAISE(ABORT, 'the archive is append-only'); END;

CREATE TRIGGER batch_is_never_changed BEFORE UPDATE ON batch
BEGIN SELECT RAISE(ABORT, 'the archive is append-only'); END;

CREATE TRIGGER batch_is_never_deleted BEFORE DELETE ON batch
BEGIN SELECT RAISE(ABORT, 'the archive is append-only'); END;

CREATE TRIGGER log_is_never_deleted BEFORE DELETE ON log
BEGIN SELECT RAISE(ABORT, 'the archive is append-only'); END;

CREATE TRIGGER log_never_shrinks BEFORE UPDATE ON log
WHEN new.size < old.size OR new.applied < old.applied OR new.archived < old.archived
    OR new.lid <> old.lid OR new.node_id <> old.node_id OR new.station <> old.station
BEGIN SELECT RAISE(ABORT, 'the archive is append-only'); END;

CREATE TRIGGER register_dossier_is_counted AFTER INSERT ON register_dossier
BEGIN
    INSERT INTO register_station (station, dossiers) VALUES (new.station, 1)
    ON CONFLICT (station) DO UPDATE SET dossiers = dossiers + 1;
END;
