-- Lines of the bank that belong to nothing of ours, as somebody decided; `stands` is 0 once that was
-- taken back. They are no line of a payment: a reference that turns up later stands above this.
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

CREATE INDEX line_set_aside_of_counter ON line_set_aside (counter, decided_at);

-- In which form each paper was handed in, as an officer said at receiving; empty: left to the pen. The
-- newest version's rows are in force; taking the decision back removes them.
CREATE TABLE paper_form (
    dossier_id BLOB NOT NULL CHECK (length(dossier_id) = 16),
    version INTEGER NOT NULL,
    document_id TEXT NOT NULL,
    form TEXT NOT NULL,
    PRIMARY KEY (dossier_id, version, document_id)
) STRICT, WITHOUT ROWID;
