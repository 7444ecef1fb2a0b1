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
    at TEXT NOT NULL, due_at TEXT NOT NULL DEFAULT '',
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
    beneficiary TEXT NOT NULL, from_city INTEGER NOT NULL DEFAULT 1
    CHECK (from_city IN (0, 1)), on_statement INTEGER NOT NULL DEFAULT 0
    CHECK (on_statement IN (0, 1)),
    PRIMARY KEY (reference, bank_transaction)
) STRICT, WITHOUT ROWID;

CREATE TABLE officer_word (
    officer_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    position INTEGER NOT NULL
, role TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID;

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

CREATE TABLE ticket_place (
    ticket_id INTEGER PRIMARY KEY,
    priority TEXT NOT NULL DEFAULT '',
    quick INTEGER NOT NULL DEFAULT 0 CHECK (quick IN (0, 1)),
    counter TEXT NOT NULL DEFAULT '',
    booked_at TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE ticket_visit (
    ticket_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    service_id TEXT NOT NULL,
    PRIMARY KEY (ticket_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE queue_call (
    id INTEGER PRIMARY KEY,
    day TEXT NOT NULL,
    ticket_id INTEGER NOT NULL,
    service_id TEXT NOT NULL,
    counter TEXT NOT NULL,
    called_at TEXT NOT NULL,
    waited_s INTEGER NOT NULL,
    reason TEXT NOT NULL,
    priority INTEGER NOT NULL CHECK (priority IN (0, 1)),
    passed INTEGER NOT NULL
) STRICT;

CREATE TABLE queue_turn (
    id INTEGER PRIMARY KEY,
    day TEXT NOT NULL,
    ticket_id INTEGER NOT NULL,
    service_id TEXT NOT NULL,
    counter TEXT NOT NULL,
    outcome TEXT NOT NULL,
    ended_at TEXT NOT NULL,
    served_s INTEGER NOT NULL
) STRICT;

CREATE TABLE appointment (
    code TEXT PRIMARY KEY,
    day TEXT NOT NULL,
    booked_for TEXT NOT NULL,
    service_id TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('officer', 'api', 'city')),
    state TEXT NOT NULL,
    ticket_id INTEGER,
    booked_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE station_secret (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE clock_stop (
    dossier_id BLOB NOT NULL CHECK (length(dossier_id) = 16),
    version INTEGER NOT NULL,
    cause TEXT NOT NULL,
    stopped_at TEXT NOT NULL,
    resumed_at TEXT NOT NULL DEFAULT '',
    resumed_version INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (dossier_id, version)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE result_hand_over (
    dossier_id BLOB NOT NULL CHECK (length(dossier_id) = 16),
    version INTEGER NOT NULL,
    recipient TEXT NOT NULL CHECK (recipient IN ('holder', 'delegate')),
    checked TEXT NOT NULL,
    delegate_name TEXT NOT NULL,
    delegate_number_masked TEXT NOT NULL,
    authority TEXT NOT NULL,
    slip_seen INTEGER NOT NULL CHECK (slip_seen IN (0, 1)),
    handed_over_at TEXT NOT NULL, counter TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (dossier_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE dossier_note (
    dossier_id BLOB NOT NULL CHECK (length(dossier_id) = 16),
    note_no INTEGER NOT NULL,
    edition INTEGER NOT NULL,
    text TEXT NOT NULL,
    officer_id TEXT NOT NULL,
    noted_at TEXT NOT NULL,
    PRIMARY KEY (dossier_id, note_no, edition)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE print_hold (
    job_id INTEGER PRIMARY KEY REFERENCES print_job (id),
    boot_id BLOB NOT NULL CHECK (length(boot_id) = 8),
    until_mono_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE dossier_claim (
    dossier_id BLOB PRIMARY KEY CHECK (length(dossier_id) = 16),
    officer_id TEXT NOT NULL,
    counter TEXT NOT NULL,
    boot_id BLOB NOT NULL CHECK (length(boot_id) = 8),
    renewed_mono_ms INTEGER NOT NULL,
    claimed_at TEXT NOT NULL,
    taken_from TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

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

CREATE TABLE sign_in_failure (
    officer_id TEXT NOT NULL,
    device_id BLOB NOT NULL CHECK (length(device_id) = 32),
    failures INTEGER NOT NULL,
    last_wall_ms INTEGER NOT NULL,
    PRIMARY KEY (officer_id, device_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE counter_device (
    id BLOB PRIMARY KEY CHECK (length(id) = 32),
    first_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE officer_pin (
    officer_id TEXT PRIMARY KEY,
    phc TEXT NOT NULL,
    must_change INTEGER NOT NULL CHECK (must_change IN (0, 1)),
    set_by TEXT NOT NULL,
    set_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

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

CREATE TABLE access (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    officer_id TEXT NOT NULL,
    counter TEXT NOT NULL,
    what TEXT NOT NULL,
    dossier_id BLOB NOT NULL CHECK (length(dossier_id) = 16),
    detail TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE payment (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    version INTEGER NOT NULL CHECK (version >= 1),
    dossier_id BLOB CHECK (dossier_id IS NULL OR length(dossier_id) = 16),
    dossier_no TEXT NOT NULL,
    ledger TEXT NOT NULL CHECK (ledger IN ('fee', 'fine')),
    reference TEXT NOT NULL UNIQUE CHECK (length(reference) BETWEEN 1 AND 13),
    amount_vnd INTEGER NOT NULL CHECK (amount_vnd BETWEEN 1 AND 499999999),
    beneficiary TEXT NOT NULL,
    basis TEXT NOT NULL,
    reason TEXT NOT NULL,
    base TEXT NOT NULL,
    state TEXT NOT NULL,
    settled INTEGER NOT NULL CHECK (settled IN (0, 1)),
    counter TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    ended_at TEXT NOT NULL DEFAULT ''
, ended_version INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;

CREATE TABLE payment_entry (
    payment_id BLOB NOT NULL CHECK (length(payment_id) = 16),
    version INTEGER NOT NULL,
    type TEXT NOT NULL,
    method TEXT NOT NULL,
    cash_vnd INTEGER NOT NULL,
    given_vnd INTEGER NOT NULL,
    detail TEXT NOT NULL,
    officer_id TEXT NOT NULL,
    counter TEXT NOT NULL,
    shift_id BLOB CHECK (shift_id IS NULL OR length(shift_id) = 16),
    at TEXT NOT NULL,
    PRIMARY KEY (payment_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE bank_line (
    bank_transaction TEXT PRIMARY KEY,
    payment_id BLOB NOT NULL CHECK (length(payment_id) = 16),
    decision TEXT NOT NULL CHECK (decision IN ('accept', 'refund_due', 'refunded')),
    officer_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE shift (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    counter TEXT NOT NULL,
    officer_id TEXT NOT NULL,
    opening_tills TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    closing_tills TEXT NOT NULL DEFAULT '',
    explanation TEXT NOT NULL DEFAULT '',
    closed_at TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE customer_screen (
    counter TEXT PRIMARY KEY,
    payment_id BLOB NOT NULL CHECK (length(payment_id) = 16),
    shown_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE slip_key (
    kid BLOB PRIMARY KEY CHECK (length(kid) = 4),
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    announced_at TEXT NOT NULL,
    ended TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE paper_kit (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    size INTEGER NOT NULL CHECK (size > 0),
    officer_id TEXT NOT NULL,
    made_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE paper_slip (
    number TEXT PRIMARY KEY,
    kit TEXT NOT NULL REFERENCES paper_kit (name),
    place INTEGER NOT NULL CHECK (place > 0),
    state TEXT NOT NULL,
    dossier_id BLOB CHECK (length(dossier_id) = 16),
    officer_id TEXT NOT NULL DEFAULT '',
    changed_at TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE capture (
    draft_id BLOB NOT NULL CHECK (length(draft_id) = 32),
    name TEXT NOT NULL,
    command_id BLOB NOT NULL CHECK (length(command_id) = 16),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    plain_digest BLOB NOT NULL CHECK (length(plain_digest) = 32),
    plain_bytes INTEGER NOT NULL,
    sealed_bytes INTEGER NOT NULL,
    key_id BLOB NOT NULL,
    media_type TEXT NOT NULL,
    captured_wall_ms INTEGER NOT NULL,
    PRIMARY KEY (draft_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE draft_key (
    id BLOB PRIMARY KEY CHECK (length(id) = 32),
    sealed BLOB NOT NULL,
    made_wall_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE rating (
    key TEXT PRIMARY KEY,
    day TEXT NOT NULL,
    score TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE staff_call (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    called_at TEXT NOT NULL,
    ended_at TEXT NOT NULL DEFAULT '',
    outcome TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE stated_slip_key (
    kid BLOB NOT NULL CHECK (length(kid) = 4),
    station TEXT NOT NULL,
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    ended TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (kid, station, public_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE seat (
    name TEXT PRIMARY KEY,
    token_id BLOB NOT NULL UNIQUE CHECK (length(token_id) = 32),
    paired_by TEXT NOT NULL,
    paired_wall_ms INTEGER NOT NULL,
    seen_wall_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE line_set_aside (
    bank_transaction TEXT PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version >= 1),
    stands INTEGER NOT NULL CHECK (stands IN (0, 1)),
    amount_vnd INTEGER NOT NULL,
    ground TEXT NOT NULL,
    note TEXT NOT NULL,
    officer_id TEXT NOT NULL,
    counter TEXT NOT NULL,
    decided_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE paper_form (
    dossier_id BLOB NOT NULL CHECK (length(dossier_id) = 16),
    version INTEGER NOT NULL,
    document_id TEXT NOT NULL,
    form TEXT NOT NULL,
    PRIMARY KEY (dossier_id, version, document_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX print_job_open ON print_job (role, state, id)
WHERE state IN ('queued', 'sent', 'failed');

CREATE INDEX print_job_of_dossier ON print_job (dossier_id)
WHERE dossier_id IS NOT NULL AND ticket_id IS NULL;

CREATE INDEX print_job_of_ticket ON print_job (ticket_id) WHERE ticket_id IS NOT NULL;

CREATE INDEX city_fact_of_dossier ON city_fact (dossier_id);

CREATE INDEX queue_call_of_day ON queue_call (day, id);

CREATE INDEX queue_turn_of_day ON queue_turn (day, id);

CREATE INDEX appointment_of_day ON appointment (day, booked_for);

CREATE INDEX city_conflict_of_dossier ON city_conflict (dossier_id);

CREATE INDEX city_conflict_open ON city_conflict (noted_at) WHERE choice = '';

CREATE INDEX access_of_dossier ON access (dossier_id);

CREATE INDEX dossier_due ON dossier (due_at, state, procedure_id) WHERE due_at <> ''
    AND state NOT IN ('refused', 'withdrawn', 'stopped', 'finished', 'handed_over');

CREATE INDEX dossier_result_here ON dossier (state, procedure_id) WHERE state = 'finished';

CREATE INDEX dossier_due_any ON dossier (due_at) WHERE due_at <> '';

CREATE INDEX payment_of_dossier ON payment (dossier_id) WHERE dossier_id IS NOT NULL;

CREATE INDEX payment_in_state ON payment (state);

CREATE INDEX payment_entry_of_shift ON payment_entry (shift_id) WHERE shift_id IS NOT NULL;

CREATE INDEX bank_line_of_payment ON bank_line (payment_id);

CREATE UNIQUE INDEX shift_open ON shift (counter) WHERE closed_at = '';

CREATE INDEX shift_of_counter ON shift (counter, opened_at);

CREATE INDEX rating_of_day ON rating (day);

CREATE INDEX staff_call_open ON staff_call (id) WHERE outcome = '';

CREATE INDEX print_job_of_booking ON print_job (id) WHERE kind = 'booking_slip';

CREATE INDEX result_hand_over_of_counter ON result_hand_over (counter, handed_over_at);

CREATE INDEX payment_word_of_transaction ON payment_word (bank_transaction);

CREATE INDEX line_set_aside_of_counter ON line_set_aside (counter, decided_at);
