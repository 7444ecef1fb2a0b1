-- Which attachment (by H(cipher)) an opened record speaks of: a record is called archived only when
-- its attachments are in the backup too.
CREATE TABLE attachment_named (
    log_id INTEGER NOT NULL REFERENCES log (id),
    sequence INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (log_id, sequence)
) STRICT, WITHOUT ROWID;
