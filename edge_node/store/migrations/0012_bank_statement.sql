-- A word of the bank may come from the city, from the statement of the day, or from both. What the
-- city says of a transaction stands above what a statement tells of it.
ALTER TABLE payment_word ADD COLUMN from_city INTEGER NOT NULL DEFAULT 1
    CHECK (from_city IN (0, 1));
ALTER TABLE payment_word ADD COLUMN on_statement INTEGER NOT NULL DEFAULT 0
    CHECK (on_statement IN (0, 1));

CREATE INDEX payment_word_of_transaction ON payment_word (bank_transaction);
