-- As in migrations/0003_attachments_named.sql.
CREATE TABLE attachment_named (
    log_id bigint NOT NULL REFERENCES log (id),
    sequence bigint NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (log_id, sequence)
);
