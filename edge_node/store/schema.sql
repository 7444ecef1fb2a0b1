-- The schema after all migrations; a test compares. Never edit by hand.

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

CREATE TABLE inbox_cursor (
    fid BLOB PRIMARY KEY CHECK (length(fid) = 16),
    size INTEGER NOT NULL CHECK (size >= 0),
    acknowledged INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox_kept (
    fid BLOB NOT NULL CHECK (length(fid) = 16),
    sequence INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    eid BLOB NOT NULL,
    subject BLOB,
    body BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('unknown', 'waiting', 'refused')),
    code TEXT NOT NULL,
    noted_at TEXT NOT NULL,
    PRIMARY KEY (fid, sequence)
) STRICT;

CREATE TABLE city_fact (
    fid BLOB NOT NULL CHECK (length(fid) = 16),
    sequence INTEGER NOT NULL,
    dossier_id BLOB NOT NULL CHECK (length(dossier_id) = 16),
    type TEXT NOT NULL,
    state TEXT NOT NULL,
    text TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (fid, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE record_word (
    lid BLOB NOT NULL CHECK (length(lid) = 16),
    sequence INTEGER NOT NULL,
    code TEXT NOT NULL,
    text TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (lid, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE payment_word (
    reference TEXT NOT NULL,
    bank_transaction TEXT NOT NULL,
    amount_vnd INTEGER NOT NULL,
    paid_at TEXT NOT NULL,
    beneficiary TEXT NOT NULL,
    PRIMARY KEY (reference, bank_transaction)
) STRICT, WITHOUT ROWID;

CREATE TABLE officer_word (
    officer_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE catalogue_release (
    position INTEGER PRIMARY KEY,
    version TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    content BLOB NOT NULL
) STRICT;

CREATE TABLE anchored (
    boot_id BLOB PRIMARY KEY CHECK (length(boot_id) = 8),
    mono_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE archive_mark (
    lid BLOB NOT NULL CHECK (length(lid) = 16),
    archived INTEGER NOT NULL,
    city_time_ms INTEGER NOT NULL,
    PRIMARY KEY (lid, archived)
) STRICT, WITHOUT ROWID;

CREATE TABLE attachment (
    dossier_id BLOB NOT NULL CHECK (length(dossier_id) = 16),
    name TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    media_type TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    added_at TEXT NOT NULL,
    PRIMARY KEY (dossier_id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX print_job_open ON print_job (role, state, id)
WHERE state IN ('queued', 'sent', 'failed');

CREATE INDEX print_job_of_dossier ON print_job (dossier_id)
WHERE dossier_id IS NOT NULL AND ticket_id IS NULL;

CREATE INDEX print_job_of_ticket ON print_job (ticket_id) WHERE ticket_id IS NOT NULL;

CREATE INDEX city_fact_of_dossier ON city_fact (dossier_id);
