-- See the SQLite form: the same tables, the same meaning.
CREATE TABLE feed (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feed integer NOT NULL CHECK (feed >= 1),
    station bigint NOT NULL CHECK (station >= 0),
    number bigint NOT NULL CHECK (number >= 0),
    nonce bytea NOT NULL CHECK (length(nonce) = 8),
    fid bytea NOT NULL UNIQUE CHECK (length(fid) = 16),
    size bigint NOT NULL CHECK (size >= 0),
    frontier bytea NOT NULL,
    start bigint NOT NULL DEFAULT 0 CHECK (start BETWEEN 0 AND size),
    start_frontier bytea NOT NULL,
    named_ms bigint NOT NULL,
    UNIQUE (feed, station)
);

CREATE TABLE feed_entry (
    feed_id integer NOT NULL REFERENCES feed (id),
    sequence bigint NOT NULL CHECK (sequence >= 0),
    eid bytea NOT NULL CHECK (length(eid) = 16),
    state_key text NOT NULL,
    raw bytea NOT NULL,
    frontier bytea,
    PRIMARY KEY (feed_id, sequence)
);

CREATE INDEX feed_entry_by_eid ON feed_entry (feed_id, eid);

CREATE TABLE status_told (
    log_id bigint NOT NULL,
    sequence bigint NOT NULL,
    code text NOT NULL,
    PRIMARY KEY (log_id, sequence)
);

CREATE TABLE attachment (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    node_id bytea NOT NULL CHECK (length(node_id) = 16),
    bytes bigint NOT NULL CHECK (bytes >= 0),
    signed bytea NOT NULL,
    stored_ms bigint
);

CREATE INDEX attachment_by_node ON attachment (node_id) INCLUDE (bytes);

CREATE TABLE attachment_awaited (
    digest bytea NOT NULL CHECK (length(digest) = 32),
    node_id bytea NOT NULL CHECK (length(node_id) = 16),
    since_ms bigint NOT NULL,
    PRIMARY KEY (node_id, digest)
);
