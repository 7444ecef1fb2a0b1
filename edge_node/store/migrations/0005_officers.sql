-- Officers at counters. A session now knows its device and whether its screen is locked; sessions
-- and counted failures of an older release are dropped: people sign in again.
DROP TABLE session;
CREATE TABLE session (
    id BLOB PRIMARY KEY CHECK (length(id) = 32),
    officer_id TEXT NOT NULL,
    device_id BLOB NOT NULL CHECK (length(device_id) = 32),
    counter TEXT NOT NULL,
    means TEXT NOT NULL CHECK (means IN ('pin', 'passkey')),
    begun_at TEXT NOT NULL,
    expires_wall_ms INTEGER NOT NULL,
    locked_at TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

-- Failures are counted per account and device. Devices nobody has signed in from share one row
-- per account (32 zero bytes), so that dropping the cookie buys no tries.
DROP TABLE sign_in_failure;
CREATE TABLE sign_in_failure (
    officer_id TEXT NOT NULL,
    device_id BLOB NOT NULL CHECK (length(device_id) = 32),
    failures INTEGER NOT NULL,
    last_wall_ms INTEGER NOT NULL,
    PRIMARY KEY (officer_id, device_id)
) STRICT, WITHOUT ROWID;

-- Browsers somebody has signed in from; `id` is the digest of the device's cookie.
CREATE TABLE counter_device (
    id BLOB PRIMARY KEY CHECK (length(id) = 32),
    first_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A PIN set at the station wins over the one of the settings.
CREATE TABLE officer_pin (
    officer_id TEXT PRIMARY KEY,
    phc TEXT NOT NULL,
    must_change INTEGER NOT NULL CHECK (must_change IN (0, 1)),
    set_by TEXT NOT NULL,
    set_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Counter and roles a chief gave an officer here; wins over settings and city.
CREATE TABLE officer_duty (
    officer_id TEXT PRIMARY KEY,
    counter TEXT NOT NULL,
    roles TEXT NOT NULL,
    set_by TEXT NOT NULL,
    set_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE officer_passkey (
    id BLOB PRIMARY KEY,
    officer_id TEXT NOT NULL,
    public_key BLOB NOT NULL,
    sign_count INTEGER NOT NULL,
    added_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE officer_word ADD COLUMN role TEXT NOT NULL DEFAULT '';

-- Who looked at whom. Never sent and never in the journal; goes with its dossier's retention.
CREATE TABLE access (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    officer_id TEXT NOT NULL,
    counter TEXT NOT NULL,
    what TEXT NOT NULL,
    dossier_id BLOB NOT NULL CHECK (length(dossier_id) = 16),
    detail TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX access_of_dossier ON access (dossier_id);

-- Work lists by deadline: dossiers somebody still owes something. One handed in has no due date yet
-- and one that is over is in neither, so a submission costs nothing here.
CREATE INDEX dossier_due ON dossier (due_at, state, procedure_id) WHERE due_at <> ''
    AND state NOT IN ('refused', 'withdrawn', 'stopped', 'finished', 'handed_over');
CREATE INDEX dossier_result_here ON dossier (state, procedure_id) WHERE state = 'finished';
-- For the share kept on time; a dossier is in it from the moment it was received.
CREATE INDEX dossier_due_any ON dossier (due_at) WHERE due_at <> '';
