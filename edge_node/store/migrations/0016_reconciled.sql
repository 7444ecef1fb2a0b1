-- The bank's statement alone reconciles. Shifts that were closed had marked what the bank had only
-- confirmed: that goes back to what it is, and the mark is gone.
UPDATE payment SET state = 'confirmed' WHERE state = 'reconciled' AND EXISTS (
    SELECT 1 FROM payment_word AS word
    LEFT JOIN bank_line AS line ON line.bank_transaction = word.bank_transaction
    WHERE word.on_statement = 0
    AND coalesce(line.decision, '') <> 'refunded'
    AND coalesce(line.payment_id, payment.id) = payment.id
    AND (line.payment_id IS NOT NULL OR word.reference = payment.reference)
);

ALTER TABLE payment DROP COLUMN reconciled;
