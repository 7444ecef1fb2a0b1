-- The schema after all migrations; a test compares. Never edit by hand.

CREATE TABLE log_state (
    lid BLOB PRIMARY KEY CHECK (length(lid) = 16),
    acked INTEGER NOT NULL CHECK (acked >= 0),
    archived INTEGER NOT NULL CHECK (archived BETWEEN 0 AND acked),
    applied INTEGER NOT NULL CHECK (applied BETWEEN 0 AND acked),
    receipt_number INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE receipt (
    lid BLOB NOT NULL CHECK (length(lid) = 16),
    size INTEGER NOT NULL CHECK (size > 0),
    city_time_ms INTEGER NOT NULL,
    cose BLOB NOT NULL,
    PRIMARY KEY (lid, size)
) STRICT;

CREATE TABLE record_status (
    lid BLOB NOT NULL CHECK (length(lid) = 16),
    sequence INTEGER NOT NULL CHECK (sequence >= 0),
    code TEXT NOT NULL,
    text TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (lid, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE log_notice (
    lid BLOB NOT NULL CHECK (length(lid) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('fork', 'rollback')),
    own_size INTEGER NOT NULL,
    city_size INTEGER NOT NULL,
    noticed_wall_ms INTEGER NOT NULL,
    PRIMARY KEY (lid, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE contact (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    state TEXT NOT NULL CHECK (
        state IN ('offline', 'sending', 'idle', 'backoff', 'not_enrolled', 'refused')
    ),
    last_attempt_wall_ms INTEGER,
    last_success_wall_ms INTEGER,
    last_receipt_wall_ms INTEGER,
    failure_code TEXT NOT NULL DEFAULT '',
    failures INTEGER NOT NULL DEFAULT 0,
    next_attempt_wall_ms INTEGER,
    city_time_ms INTEGER,
    sent_records INTEGER NOT NULL DEFAULT 0,
    sent_bytes INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE city (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    city_id BLOB NOT NULL,
    generation BLOB NOT NULL,
    receipt_number INTEGER NOT NULL
) STRICT;
