-- As in migrations/0002_copies.sql.
CREATE TABLE copied (
    node_id bytea NOT NULL CHECK (length(node_id) = 16),
    leaf bytea NOT NULL CHECK (length(leaf) = 32),
    PRIMARY KEY (node_id, leaf)
);

CREATE INDEX verdict_withheld ON verdict (log_id, sequence) WHERE code = 'withheld';
