-- As in migrations/0002_uploads.sql.
ALTER TABLE attachment ADD COLUMN touched_ms bigint NOT NULL DEFAULT 0;

CREATE INDEX attachment_unfinished ON attachment (touched_ms) WHERE stored_ms IS NULL;
