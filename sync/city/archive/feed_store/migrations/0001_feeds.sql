-- A log that the city writes: one for everybody (station 0) or for one station. number, nonce and
-- fid change together when the city has lost entries that a station has seen: the entries stay,
-- and every station reads them again under the new name. A new station begins at start.
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

-- raw is the encoded record. state_key names what the entry says the newest about ('' for a mere
-- event); frontier, at every 64th entry, is that of all entries before it.
CREATE TABLE feed_entry (
    feed_id INTEGER NOT NULL REFERENCES feed (id),
    sequence INTEGER NOT NULL CHECK (sequence >= 0),
    eid BLOB NOT NULL CHECK (length(eid) = 16),
    state_key TEXT NOT NULL,
    raw BLOB NOT NULL,
    frontier BLOB,
    PRIMARY KEY (feed_id, sequence)
) STRICT, WITHOUT ROWID;

CREATE INDEX feed_entry_by_eid ON feed_entry (feed_id, eid);

-- What a station was last told of a record of its own that was not simply entered.
CREATE TABLE status_told (
    log_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    code TEXT NOT NULL,
    PRIMARY KEY (log_id, sequence)
) STRICT, WITHOUT ROWID;

-- An attachment that a station has announced; it lies whole in the object store from stored_ms on.
-- signed is the station's word on it.
CREATE TABLE attachment (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    bytes INTEGER NOT NULL CHECK (bytes >= 0),
    signed BLOB NOT NULL,
    stored_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX attachment_by_node ON attachment (node_id, bytes);

-- An attachment that an entered record speaks of and that has not come.
CREATE TABLE attachment_awaited (
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    node_id BLOB NOT NULL CHECK (length(node_id) = 16),
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (node_id, digest)
) STRICT, WITHOUT ROWID;
