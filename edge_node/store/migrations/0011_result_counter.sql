-- Which counter gave a result to its owner: its shift report says so. Earlier ones are not known.
ALTER TABLE result_hand_over ADD COLUMN counter TEXT NOT NULL DEFAULT '';

CREATE INDEX result_hand_over_of_counter ON result_hand_over (counter, handed_over_at);
