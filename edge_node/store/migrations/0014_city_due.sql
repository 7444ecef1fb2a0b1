-- When the result is due by the city's reckoning, ISO 8601; empty when its word told no date.
ALTER TABLE city_fact ADD COLUMN due_at TEXT NOT NULL DEFAULT '';
