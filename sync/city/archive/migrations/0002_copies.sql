-- The leaf that a record had where it stood first, of every record that was journalled again: a
-- withheld pair with this leaf is answered by the copy, whichever of the two is opened first.
CREATE TABLE copied (
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    leaf BLOB NOT NULL CHECK (length(leaf) = 32),
    PRIMARY KEY (node_id, leaf)
) STRICT, WITHOUT ROWID;

CREATE INDEX verdict_withheld ON verdict (log_id, sequence) WHERE code = 'withheld';
