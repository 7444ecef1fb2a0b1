-- The city's archive for several processes on one database; what the tables mean is said beside the
-- tables of the same names in migrations/0001_archive.sql. Here is said only what differs.

CREATE TABLE city (
    id integer PRIMARY KEY CHECK (id = 1),
    generation bytea NOT NULL CHECK (length(generation) = 8)
);

-- Another server than the one of a copy gives another generation, as random bytes would.
INSERT INTO city (id, generation)
VALUES (1, substr(decode(replace(gen_random_uuid()::text, '-', ''), 'hex'), 9, 8));

-- month (years * 12 + month - 1, of the first arrival) never changes for a log, and is the part of
-- the key by which batches are divided: old months can be detached without breaking a log.
-- claimed_until_ms keeps a log that one process is opening away from the others for a while.
CREATE TABLE log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lid bytea NOT NULL UNIQUE CHECK (length(lid) = 16),
    node_id bytea NOT NULL CHECK (length(node_id) = 16),
    station bigint NOT NULL,
    number bigint NOT NULL,
    lane integer NOT NULL,
    parent_lid bytea,
    parent_size bigint,
    parent_root bytea,
    size bigint NOT NULL,
    root bytea NOT NULL CHECK (length(root) = 32),
    opened bigint NOT NULL DEFAULT 0,
    frontier bytea NOT NULL DEFAULT '',
    archived bigint NOT NULL DEFAULT 0,
    wary_until bigint NOT NULL DEFAULT 0,
    first_received_ms bigint NOT NULL,
    month integer NOT NULL,
    boot_id bytea,
    hardware_id bytea,
    claimed_until_ms bigint NOT NULL DEFAULT 0,
    CHECK (0 <= archived AND archived <= opened AND opened <= size)
);

CREATE INDEX log_by_station ON log (station, id);
CREATE INDEX log_by_node ON log (node_id, number);
CREATE INDEX log_by_parent ON log (parent_lid) WHERE parent_lid IS NOT NULL;
CREATE INDEX log_not_opened ON log (claimed_until_ms, id) WHERE opened < size;

-- One number for each batch taken in by any process. A later request never gets a lower one.
CREATE SEQUENCE batch_number AS bigint;

CREATE TABLE batch (
    month integer NOT NULL,
    log_id bigint NOT NULL REFERENCES log (id),
    start bigint NOT NULL CHECK (start >= 0),
    "end" bigint NOT NULL CHECK ("end" > start),
    number bigint NOT NULL,
    root bytea NOT NULL CHECK (length(root) = 32),
    received_ms bigint NOT NULL,
    raw bytea NOT NULL,
    PRIMARY KEY (month, log_id, start)
) PARTITION BY RANGE (month);

-- Sealed bytes do not become smaller.
ALTER TABLE batch ALTER COLUMN raw SET STORAGE EXTERNAL;

CREATE TABLE leaf_run (
    month integer NOT NULL,
    log_id bigint NOT NULL,
    start bigint NOT NULL,
    leaves bytea NOT NULL CHECK (length(leaves) % 32 = 0),
    PRIMARY KEY (month, log_id, start)
) PARTITION BY RANGE (month);

ALTER TABLE leaf_run ALTER COLUMN leaves SET STORAGE EXTERNAL;

-- Takes the months that nobody made a partition for in time: slower to detach, never refused.
CREATE TABLE batch_other PARTITION OF batch DEFAULT;
CREATE TABLE leaf_run_other PARTITION OF leaf_run DEFAULT;

CREATE FUNCTION is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the archive is append-only'; END $$;

CREATE FUNCTION log_never_shrinks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.opened < old.opened OR new.archived < old.archived OR new.lid <> old.lid
        OR new.node_id <> old.node_id OR new.station <> old.station OR new.month <> old.month
    THEN RAISE EXCEPTION 'the archive is append-only'; END IF;
    RETURN new;
END $$;

CREATE FUNCTION only_unopened_goes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF old.start < (SELECT opened FROM log WHERE id = old.log_id)
    THEN RAISE EXCEPTION 'the archive is append-only'; END IF;
    RETURN old;
END $$;

CREATE TRIGGER batch_is_never_changed BEFORE UPDATE ON batch
FOR EACH ROW EXECUTE FUNCTION is_append_only();
CREATE TRIGGER batch_is_never_deleted BEFORE DELETE ON batch
FOR EACH ROW EXECUTE FUNCTION only_unopened_goes();
CREATE TRIGGER leaf_run_is_never_changed BEFORE UPDATE OR DELETE ON leaf_run
FOR EACH ROW EXECUTE FUNCTION is_append_only();
CREATE TRIGGER log_is_never_deleted BEFORE DELETE ON log
FOR EACH ROW EXECUTE FUNCTION is_append_only();
CREATE TRIGGER log_never_shrinks BEFORE UPDATE ON log
FOR EACH ROW EXECUTE FUNCTION log_never_shrinks();

CREATE TABLE verdict (
    log_id bigint NOT NULL REFERENCES log (id),
    sequence bigint NOT NULL,
    code text NOT NULL,
    kind integer,
    PRIMARY KEY (log_id, sequence)
);

CREATE INDEX verdict_of_unknown_kind ON verdict (kind) WHERE code = 'unknown_kind';

CREATE TABLE effect (
    eid bytea PRIMARY KEY CHECK (length(eid) = 16),
    digest bytea NOT NULL CHECK (length(digest) = 16),
    log_id bigint NOT NULL,
    sequence bigint NOT NULL
);

CREATE TABLE parked (
    dossier_id bytea NOT NULL CHECK (length(dossier_id) = 16),
    version bigint NOT NULL,
    log_id bigint NOT NULL,
    sequence bigint NOT NULL,
    station bigint NOT NULL,
    kind integer NOT NULL,
    dossier_no text NOT NULL,
    procedure_id text NOT NULL,
    state text NOT NULL,
    counts boolean NOT NULL,
    since_ms bigint NOT NULL,
    PRIMARY KEY (dossier_id, version, log_id, sequence)
);

CREATE INDEX parked_by_log ON parked (log_id);

CREATE TABLE anchor (
    log_id bigint NOT NULL REFERENCES log (id),
    sequence bigint NOT NULL,
    boot_id bytea NOT NULL CHECK (length(boot_id) = 8),
    city_time_ms bigint NOT NULL,
    mono_sent_ms bigint NOT NULL,
    mono_received_ms bigint NOT NULL,
    PRIMARY KEY (log_id, sequence)
);

CREATE TABLE quarantine (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest bytea NOT NULL UNIQUE CHECK (length(digest) = 32),
    node_id bytea NOT NULL,
    station bigint NOT NULL,
    lid bytea NOT NULL,
    first bigint NOT NULL,
    records bigint NOT NULL,
    reason text NOT NULL,
    size_bytes bigint NOT NULL,
    received_ms bigint NOT NULL,
    released_ms bigint,
    raw bytea NOT NULL
);

ALTER TABLE quarantine ALTER COLUMN raw SET STORAGE EXTERNAL;

CREATE INDEX quarantine_by_node ON quarantine (node_id, size_bytes);

CREATE TRIGGER quarantine_is_never_deleted BEFORE DELETE ON quarantine
FOR EACH ROW EXECUTE FUNCTION is_append_only();

CREATE TABLE notice (
    log_id bigint NOT NULL REFERENCES log (id),
    code text NOT NULL,
    received_ms bigint NOT NULL,
    PRIMARY KEY (log_id, code)
);

CREATE TABLE contact (
    node_id bytea PRIMARY KEY CHECK (length(node_id) = 16),
    station bigint NOT NULL,
    last_contact_ms bigint NOT NULL,
    behind bigint NOT NULL DEFAULT 0
);

CREATE TABLE register_dossier (
    dossier_id bytea PRIMARY KEY CHECK (length(dossier_id) = 16),
    dossier_no text NOT NULL DEFAULT '',
    station bigint NOT NULL,
    procedure_id text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT '',
    version bigint NOT NULL DEFAULT 0,
    last_kind integer NOT NULL,
    events bigint NOT NULL DEFAULT 0
);

CREATE TABLE register_station (
    station bigint PRIMARY KEY,
    dossiers bigint NOT NULL
);

-- The shelf: whole contents by folder and name. A version never comes twice.
CREATE SEQUENCE shelf_version_seq AS bigint;

CREATE TABLE shelf (
    folder text NOT NULL,
    name text NOT NULL,
    content bytea NOT NULL,
    version bigint NOT NULL DEFAULT nextval('shelf_version_seq'),
    PRIMARY KEY (folder, name)
);
