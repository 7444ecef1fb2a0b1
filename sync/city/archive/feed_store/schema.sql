-- The schema after all migrations; a test compares. Never edit by hand.

CREATE TABLE feed (
    id INTEGER PRIMARY KEY,
    feed INTEGER NOT NULL CHECK (feed >= 1),
    station INTEGER NOT NULL CHECK (station >= 0),
    number INTEGER NOT NULL CHECK (number >= 0),
    nonce BLOB NOT NULL CHECK (length(nonce) = 8),
    fid BLOB NOT NULL UNIQUE CHECK (length(fid) = 16),
    size INTEGER NOT NULL CHECK (size >= 0),
    frontier BLOB NOT NULL,
    start INTEGER NOT NULL DEFAULT 0 CHECK (start BETWEEN 0 AND size),
    start_frontier BLOB NOT NULL,
    named_ms INTEGER NOT NULL,
    UNIQUE (feed, station)
) STRICT;

CREATE TABLE feed_entry (
    feed_id INTEGER NOT NULL REFERENCES feed (id),
    sequence INTEGER NOT NULL CHECK (sequence >= 0),
    eid BLOB NOT NULL CHECK (length(eid) = 16),
    state_key TEXT NOT NULL,
    raw BLOB NOT NULL,
    frontier BLOB,
    PRIMARY KEY (feed_id, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE status_told (
    log_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    code TEXT NOT NULL,
    PRIMARY KEY (log_id, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE attachment (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    bytes INTEGER NOT NULL CHECK (bytes >= 0),
    signed BLOB NOT NULL,
    stored_ms INTEGER
, touched_ms INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;

CREATE TABLE attachment_awaited (
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (node_id, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX feed_entry_by_eid ON feed_entry (feed_id, eid);

CREATE INDEX attachment_by_node ON attachment (node_id, bytes);

CREATE INDEX attachment_unfinished ON attachment (touched_ms) WHERE stored_ms IS NULL;
