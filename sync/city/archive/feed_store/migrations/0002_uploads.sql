-- When an attachment was announced or a part of it last came, to the day: an upload that nobody goes
-- on with is forgotten.
ALTER TABLE attachment ADD COLUMN touched_ms INTEGER NOT NULL DEFAULT 0;

CREATE INDEX attachment_unfinished ON attachment (touched_ms) WHERE stored_ms IS NULL;
