-- Which decision ended a payment: taking that decision back opens it again.
ALTER TABLE payment ADD COLUMN ended_version INTEGER NOT NULL DEFAULT 0;
