-- Money: what is due, what was seen, what the bank said, shifts.

-- One obligation of one dossier (or a fine). `base` is its state without the bank; `state` and
-- `settled` follow from it, the bank's words and what people decided of them, and are made anew
-- whenever one of these changes. A row is never deleted: its reference must not come again.
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
    reconciled INTEGER NOT NULL DEFAULT 0 CHECK (reconciled IN (0, 1)),
    counter TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    ended_at TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE INDEX payment_of_dossier ON payment (dossier_id) WHERE dossier_id IS NOT NULL;
CREATE INDEX payment_in_state ON payment (state);

-- Everything people did about a payment, one row for one event of the journal. `cash_vnd` is what
-- the drawer gained (less than nothing when it gave).
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

CREATE INDEX payment_entry_of_shift ON payment_entry (shift_id) WHERE shift_id IS NOT NULL;

-- What a person decided about a line of the bank, and which payment it counts for: its own
-- reference's, unless somebody found out whom it was meant for.
CREATE TABLE bank_line (
    bank_transaction TEXT PRIMARY KEY,
    payment_id BLOB NOT NULL CHECK (length(payment_id) = 16),
    decision TEXT NOT NULL CHECK (decision IN ('accept', 'refund_due', 'refunded')),
    officer_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX bank_line_of_payment ON bank_line (payment_id);

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

CREATE UNIQUE INDEX shift_open ON shift (counter) WHERE closed_at = '';
CREATE INDEX shift_of_counter ON shift (counter, opened_at);

-- What stands on the screen that faces the citizen at a counter.
CREATE TABLE customer_screen (
    counter TEXT PRIMARY KEY,
    payment_id BLOB NOT NULL CHECK (length(payment_id) = 16),
    shown_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
