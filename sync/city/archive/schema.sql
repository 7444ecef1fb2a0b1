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
    size INTEGER NOT NULL CHECK (size >= opened),
    root BLOB NOT NULL CHECK (length(root) = 32),
    opened INTEGER NOT NULL DEFAULT 0 CHECK (opened >= archived),
    frontier BLOB NOT NULL DEFAULT x'',
    archived INTEGER NOT NULL DEFAULT 0 CHECK (archived >= 0),
    wary_until INTEGER NOT NULL DEFAULT 0,
    first_received_ms INTEGER NOT NULL,
    boot_id BLOB,
    hardware_id BLOB
) STRICT;

CREATE TABLE batch (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    log_id INTEGER NOT NULL REFERENCES log (id),
    start INTEGER NOT NULL CHECK (start >= 0),
    end INTEGER NOT NULL CHECK (end > start),
    root BLOB NOT NULL CHECK (length(root) = 32),
    received_ms INTEGER NOT NULL,
    raw BLOB NOT NULL
) STRICT;

CREATE TABLE leaf_run (
    batch INTEGER PRIMARY KEY REFERENCES batch (number),
    leaves BLOB NOT NULL CHECK (length(leaves) % 32 = 0)
) STRICT;

CREATE TABLE verdict (
    log_id INTEGER NOT NULL REFERENCES log (id),
    sequence INTEGER NOT NULL,
    code TEXT NOT NULL,
    kind INTEGER,
    PRIMARY KEY (log_id, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE effect (
    eid BLOB PRIMARY KEY CHECK (length(eid) = 16),
    digest BLOB NOT NULL CHECK (length(digest) = 16),
    log_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE parked (
    dossier_id BLOB NOT NULL CHECK (length(dossier_id) = 16),
    version INTEGER NOT NULL,
    log_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    station INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    dossier_no TEXT NOT NULL,
    procedure_id TEXT NOT NULL,
    state TEXT NOT NULL,
    counts INTEGER NOT NULL CHECK (counts IN (0, 1)),
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (dossier_id, version, log_id, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE anchor (
    log_id INTEGER NOT NULL REFERENCES log (id),
    sequence INTEGER NOT NULL,
    boot_id BLOB NOT NULL CHECK (length(boot_id) = 8),
    city_time_ms INTEGER NOT NULL,
    mono_sent_ms INTEGER NOT NULL,
    mono_received_ms INTEGER NOT NULL,
    PRIMARY KEY (log_id, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    node_id BLOB NOT NULL,
    station INTEGER NOT NULL,
    lid BLOB NOT NULL,
    first INTEGER NOT NULL,
    records INTEGER NOT NULL,
    reason TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    released_ms INTEGER,
    raw BLOB NOT NULL
) STRICT;

CREATE TABLE notice (
    log_id INTEGER NOT NULL REFERENCES log (id),
    code TEXT NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (log_id, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE promise (
    log_id INTEGER PRIMARY KEY REFERENCES log (id),
    parent_lid BLOB NOT NULL,
    parent_size INTEGER NOT NULL,
    since_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE contact (
    node_id BLOB PRIMARY KEY CHECK (length(node_id) = 16),
    station INTEGER NOT NULL,
    last_contact_ms INTEGER NOT NULL,
    behind INTEGER NOT NULL DEFAULT 0
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

CREATE TABLE copied (
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    leaf BLOB NOT NULL CHECK (length(leaf) = 32),
    PRIMARY KEY (node_id, leaf)
) STRICT, WITHOUT ROWID;

CREATE TABLE attachment_named (
    log_id INTEGER NOT NULL REFERENCES log (id),
    sequence INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (log_id, sequence)
) STRICT, WITHOUT ROWID;

CREATE INDEX log_by_station ON log (station, id);

CREATE INDEX log_by_node ON log (node_id, number);

CREATE INDEX log_by_parent ON log (parent_lid) WHERE parent_lid IS NOT NULL;

CREATE INDEX log_not_opened ON log (id) WHERE opened < size;

CREATE UNIQUE INDEX batch_by_place ON batch (log_id, start);

CREATE INDEX verdict_of_unknown_kind ON verdict (kind) WHERE code = 'unknown_kind';

CREATE INDEX parked_by_log ON parked (log_id);

CREATE INDEX quarantine_by_node ON quarantine (node_id, size_bytes);

CREATE INDEX verdict_withheld ON verdict (log_id, sequence) WHERE code = 'withheld';

CREATE TRIGGER batch_is_never_changed BEFORE UPDATE ON batch
BEGIN SELECT RAISE(ABORT, 'the archive is append-only'); END;

CREATE TRIGGER batch_is_never_deleted BEFORE DELETE ON batch
WHEN old.start < (SELECT opened FROM log WHERE id = old.log_id)
BEGIN SELECT RAISE(ABORT, 'the archive is append-only'); END;

CREATE TRIGGER leaf_run_is_never_changed BEFORE UPDATE ON leaf_run
BEGIN SELECT RAISE(ABORT, 'the archive is append-only'); END;

CREATE TRIGGER leaf_run_is_never_deleted BEFORE DELETE ON leaf_run
BEGIN SELECT RAISE(ABORT, 'the archive is append-only'); END;

CREATE TRIGGER log_is_never_deleted BEFORE DELETE ON log
BEGIN SELECT RAISE(ABORT, 'the archive is append-only'); END;

CREATE TRIGGER log_never_shrinks BEFORE UPDATE ON log
WHEN new.opened < old.opened OR new.archived < old.archived
    OR new.lid <> old.lid OR new.node_id <> old.node_id OR new.station <> old.station
BEGIN SELECT RAISE(ABORT, 'the archive is append-only'); END;

CREATE TRIGGER quarantine_is_never_deleted BEFORE DELETE ON quarantine
BEGIN SELECT RAISE(ABORT, 'the archive is append-only'); END;
