-- What was answered to an officer's command, by its idempotency key: the same key gets the same
-- answer for ever. What a citizen hands in needs no row here: its command id is in the journal.
CREATE TABLE submission (
    key TEXT PRIMARY KEY,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    answer BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE dossier (
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    number TEXT NOT NULL UNIQUE,
    procedure_id TEXT NOT NULL,
    catalogue_version TEXT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    full_name TEXT NOT NULL,
    folded_name TEXT NOT NULL,
    id_number TEXT NOT NULL,
    date_of_birth TEXT NOT NULL,
    sex TEXT NOT NULL,
    address TEXT NOT NULL,
    phone TEXT NOT NULL,
    identity_level TEXT NOT NULL,
    answers TEXT NOT NULL,
    documents TEXT NOT NULL,
    submitted_at TEXT NOT NULL,
    received_at TEXT NOT NULL DEFAULT '',
    due_at TEXT NOT NULL DEFAULT '',
    supplement_requests INTEGER NOT NULL DEFAULT 0,
    log_number INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL,
    -- The number it got when it was handed in, with its row, and the digest of what was handed in.
    first_ticket TEXT NOT NULL,
    ticket_id INTEGER,
    request_digest BLOB NOT NULL CHECK (length(request_digest) = 32)
) STRICT;

CREATE TABLE ticket (
    id INTEGER PRIMARY KEY,
    day TEXT NOT NULL,
    letter TEXT NOT NULL,
    number INTEGER NOT NULL,
    service_id TEXT NOT NULL,
    state TEXT NOT NULL,
    dossier_id BLOB,
    issued_at TEXT NOT NULL,
    called_at TEXT NOT NULL DEFAULT '',
    counter TEXT NOT NULL DEFAULT '',
    officer_id TEXT NOT NULL DEFAULT '',
    calls INTEGER NOT NULL DEFAULT 0,
    call_order INTEGER NOT NULL DEFAULT 0,
    UNIQUE (day, letter, number)
) STRICT;

-- Paper leaves the station only through these rows; one loop prints them in order.
CREATE TABLE print_job (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    slip TEXT NOT NULL,
    dossier_id BLOB,
    ticket_id INTEGER,
    copy_of INTEGER REFERENCES print_job (id),
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    failure TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX print_job_open ON print_job (role, state, id)
WHERE state IN ('queued', 'sent', 'failed');
CREATE INDEX print_job_of_dossier ON print_job (dossier_id)
WHERE dossier_id IS NOT NULL AND ticket_id IS NULL;
CREATE INDEX print_job_of_ticket ON print_job (ticket_id) WHERE ticket_id IS NOT NULL;

-- A kiosk visitor's unfinished form, sealed under a key only the visitor's cookie can make.
CREATE TABLE draft (
    id BLOB PRIMARY KEY CHECK (length(id) = 32),
    sealed BLOB NOT NULL,
    changed_wall_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    id BLOB PRIMARY KEY CHECK (length(id) = 32),
    officer_id TEXT NOT NULL,
    begun_at TEXT NOT NULL,
    expires_wall_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sign_in_failure (
    officer_id TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_wall_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
