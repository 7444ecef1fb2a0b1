-- What officers decide about dossiers beyond receiving them. Rows named by a dossier's version follow
-- from the event of that version; taking a decision back takes its rows with it, never its events.

-- Stretches in which the clock of the time limit stood still; `resumed_at` is empty while it does.
CREATE TABLE clock_stop (
    dossier_id BLOB NOT NULL CHECK (length(dossier_id) = 16),
    version INTEGER NOT NULL,
    cause TEXT NOT NULL,
    stopped_at TEXT NOT NULL,
    resumed_at TEXT NOT NULL DEFAULT '',
    resumed_version INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (dossier_id, version)
) STRICT, WITHOUT ROWID;

-- Received although papers were missing: why, and by which day the rest comes.
CREATE TABLE dossier_shortage (
    dossier_id BLOB NOT NULL CHECK (length(dossier_id) = 16),
    version INTEGER NOT NULL,
    reason TEXT NOT NULL,
    rest_due_on TEXT NOT NULL,
    PRIMARY KEY (dossier_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE dossier_extension (
    dossier_id BLOB NOT NULL CHECK (length(dossier_id) = 16),
    version INTEGER NOT NULL,
    reason TEXT NOT NULL,
    earlier_due_at TEXT NOT NULL,
    due_at TEXT NOT NULL,
    extended_at TEXT NOT NULL,
    PRIMARY KEY (dossier_id, version)
) STRICT, WITHOUT ROWID;

-- The rows of form 06: whose hands the papers went through.
CREATE TABLE custody_move (
    dossier_id BLOB NOT NULL CHECK (length(dossier_id) = 16),
    version INTEGER NOT NULL,
    back INTEGER NOT NULL CHECK (back IN (0, 1)),
    from_party TEXT NOT NULL,
    to_party TEXT NOT NULL,
    given_by TEXT NOT NULL,
    received_by TEXT NOT NULL,
    given_at TEXT NOT NULL,
    received_at TEXT NOT NULL,
    punctuality TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (dossier_id, version)
) STRICT, WITHOUT ROWID;

-- Whose hands the result is in.
CREATE TABLE result_hand_over (
    dossier_id BLOB NOT NULL CHECK (length(dossier_id) = 16),
    version INTEGER NOT NULL,
    recipient TEXT NOT NULL CHECK (recipient IN ('holder', 'delegate')),
    checked TEXT NOT NULL,
    delegate_name TEXT NOT NULL,
    delegate_number_masked TEXT NOT NULL,
    authority TEXT NOT NULL,
    slip_seen INTEGER NOT NULL CHECK (slip_seen IN (0, 1)),
    handed_over_at TEXT NOT NULL,
    PRIMARY KEY (dossier_id, version)
) STRICT, WITHOUT ROWID;

-- Internal notes: every edition stays, none is ever printed.
CREATE TABLE dossier_note (
    dossier_id BLOB NOT NULL CHECK (length(dossier_id) = 16),
    note_no INTEGER NOT NULL,
    edition INTEGER NOT NULL,
    text TEXT NOT NULL,
    officer_id TEXT NOT NULL,
    noted_at TEXT NOT NULL,
    PRIMARY KEY (dossier_id, note_no, edition)
) STRICT, WITHOUT ROWID;

-- What the counter had when the city's word changed it in no step of the table, and what an officer
-- chose; `choice` is empty until somebody has.
CREATE TABLE city_conflict (
    fid BLOB NOT NULL CHECK (length(fid) = 16),
    sequence INTEGER NOT NULL,
    dossier_id BLOB NOT NULL CHECK (length(dossier_id) = 16),
    counter_state TEXT NOT NULL,
    counter_due_at TEXT NOT NULL,
    counter_version INTEGER NOT NULL,
    city_state TEXT NOT NULL,
    noted_at TEXT NOT NULL,
    choice TEXT NOT NULL DEFAULT '' CHECK (choice IN ('', 'city', 'counter')),
    reason TEXT NOT NULL DEFAULT '',
    officer_id TEXT NOT NULL DEFAULT '',
    resolved_at TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (fid, sequence)
) STRICT, WITHOUT ROWID;

CREATE INDEX city_conflict_of_dossier ON city_conflict (dossier_id);
CREATE INDEX city_conflict_open ON city_conflict (noted_at) WHERE choice = '';

-- The last decision about a dossier, as long as it might be taken back: what stood before it.
CREATE TABLE undoable (
    dossier_id BLOB PRIMARY KEY CHECK (length(dossier_id) = 16),
    version INTEGER NOT NULL,
    boot_id BLOB NOT NULL CHECK (length(boot_id) = 8),
    until_mono_ms INTEGER NOT NULL,
    type TEXT NOT NULL,
    state TEXT NOT NULL,
    documents TEXT NOT NULL,
    received_at TEXT NOT NULL,
    due_at TEXT NOT NULL,
    supplement_requests INTEGER NOT NULL,
    first_job INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Papers that wait until a decision can no longer be taken back.
CREATE TABLE print_hold (
    job_id INTEGER PRIMARY KEY REFERENCES print_job (id),
    boot_id BLOB NOT NULL CHECK (length(boot_id) = 8),
    until_mono_ms INTEGER NOT NULL
) STRICT;

-- Which counter works on a dossier; times are of the monotonic clock of a boot.
CREATE TABLE dossier_claim (
    dossier_id BLOB PRIMARY KEY CHECK (length(dossier_id) = 16),
    officer_id TEXT NOT NULL,
    counter TEXT NOT NULL,
    boot_id BLOB NOT NULL CHECK (length(boot_id) = 8),
    renewed_mono_ms INTEGER NOT NULL,
    claimed_at TEXT NOT NULL,
    taken_from TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
