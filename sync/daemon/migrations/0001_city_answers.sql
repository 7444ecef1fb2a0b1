-- What the city holds of each log, as its last verified word said.
CREATE TABLE log_state (
    lid BLOB PRIMARY KEY CHECK (length(lid) = 16),
    acked INTEGER NOT NULL CHECK (acked >= 0),
    archived INTEGER NOT NULL CHECK (archived BETWEEN 0 AND acked),
    applied INTEGER NOT NULL CHECK (applied BETWEEN 0 AND acked),
    receipt_number INTEGER
) STRICT, WITHOUT ROWID;

-- Signed proof, kept for ever.
CREATE TABLE receipt (
    lid BLOB NOT NULL CHECK (length(lid) = 16),
    size INTEGER NOT NULL CHECK (size > 0),
    city_time_ms INTEGER NOT NULL,
    cose BLOB NOT NULL,
    PRIMARY KEY (lid, size)
) STRICT;

-- Records the city stores but did not simply enter into its register.
CREATE TABLE record_status (
    lid BLOB NOT NULL CHECK (length(lid) = 16),
    sequence INTEGER NOT NULL CHECK (sequence >= 0),
    code TEXT NOT NULL,
    text TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (lid, sequence)
) STRICT, WITHOUT ROWID;

-- What a person must be told of a log: fork, rollback, lost_archived, withheld, aside, and the
-- city's own notices (missing_tail, branch_other_hardware, parked_long, and what it adds later).
CREATE TABLE log_notice (
    lid BLOB NOT NULL CHECK (length(lid) = 16),
    kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
    own_size INTEGER NOT NULL,
    city_size INTEGER NOT NULL,
    noticed_wall_ms INTEGER NOT NULL,
    PRIMARY KEY (lid, kind)
) STRICT, WITHOUT ROWID;

-- How the dealings with the city stand now.
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

INSERT INTO contact (id, state) VALUES (1, 'not_enrolled');

-- The city's database as last seen: another generation or a lower number means it was restored.
-- When it was last heard is told by the time since boot, which nobody sets.
CREATE TABLE city (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    city_id BLOB NOT NULL,
    generation BLOB NOT NULL,
    receipt_number INTEGER NOT NULL,
    boot_id BLOB,
    mono_ms INTEGER
) STRICT;

-- What the city asks of its stations, as its last welcome said; null leaves it to the station.
CREATE TABLE policy (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    spread_s INTEGER,
    hello_interval_s INTEGER,
    maximum_batch_bytes INTEGER,
    blob_bytes_per_day INTEGER,
    blob_from_minute INTEGER,
    blob_to_minute INTEGER
) STRICT;

-- Bytes the city keeps aside without receipt: nothing here is acknowledged or may be purged.
CREATE TABLE aside (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
    lid BLOB NOT NULL CHECK (length(lid) = 16),
    first INTEGER NOT NULL CHECK (first >= 0),
    count INTEGER NOT NULL CHECK (count > 0),
    reason INTEGER NOT NULL,
    cose BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX aside_by_log ON aside (lid, first);

-- Records whose leaf alone was sent, because the city would not take them.
CREATE TABLE withheld (
    lid BLOB NOT NULL CHECK (length(lid) = 16),
    sequence INTEGER NOT NULL CHECK (sequence >= 0),
    noticed_wall_ms INTEGER NOT NULL,
    PRIMARY KEY (lid, sequence)
) STRICT, WITHOUT ROWID;

-- The station's own records that only the city still had; the node enters them again by eid.
CREATE TABLE recovered (
    lid BLOB NOT NULL CHECK (length(lid) = 16),
    sequence INTEGER NOT NULL CHECK (sequence >= 0),
    raw BLOB NOT NULL,
    PRIMARY KEY (lid, sequence)
) STRICT;

-- Signed city time, fresh by its nonce; the node appends one as a time anchor.
CREATE TABLE anchor (
    nonce BLOB PRIMARY KEY CHECK (length(nonce) = 16),
    city_time_ms INTEGER NOT NULL,
    boot_id BLOB NOT NULL CHECK (length(boot_id) = 8),
    mono_sent INTEGER NOT NULL,
    mono_received INTEGER NOT NULL CHECK (mono_received >= mono_sent)
) STRICT;

-- The city's keys, as its root keys signed them.
CREATE TABLE keyset (
    version INTEGER PRIMARY KEY CHECK (version > 0),
    message BLOB NOT NULL
) STRICT;

-- How far the city's own logs have been read, and their entries until nobody needs them.
-- `oldest` is the first sequence this station has: a new one begins at a snapshot.
CREATE TABLE feed (
    fid BLOB PRIMARY KEY CHECK (length(fid) = 16),
    feed INTEGER NOT NULL,
    size INTEGER NOT NULL CHECK (size >= 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    frontier BLOB NOT NULL,
    oldest INTEGER NOT NULL DEFAULT 0 CHECK (oldest BETWEEN 0 AND size)
) STRICT, WITHOUT ROWID;

CREATE TABLE feed_entry (
    fid BLOB NOT NULL CHECK (length(fid) = 16),
    sequence INTEGER NOT NULL CHECK (sequence >= 0),
    kind INTEGER NOT NULL,
    eid BLOB NOT NULL CHECK (length(eid) = 16),
    subject BLOB,
    body BLOB NOT NULL,
    PRIMARY KEY (fid, sequence)
) STRICT;

-- Files that a feed names by their digest (a catalogue release), as they came.
CREATE TABLE object (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
    content BLOB NOT NULL
) STRICT;

-- Attachments the city asks for, and how far each has been sent; digests are of the sealed bytes.
CREATE TABLE wanted (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32)
) STRICT, WITHOUT ROWID;

CREATE TABLE blob_state (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
    offset INTEGER NOT NULL CHECK (offset BETWEEN 0 AND total),
    total INTEGER NOT NULL,
    receipt BLOB
) STRICT, WITHOUT ROWID;

-- How far a backlog has been sent; no row when there is none. `remaining_s` is null when unknown.
CREATE TABLE progress (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    records_total INTEGER NOT NULL,
    records_done INTEGER NOT NULL,
    bytes_total INTEGER NOT NULL,
    bytes_done INTEGER NOT NULL,
    began_wall_ms INTEGER NOT NULL,
    remaining_s INTEGER
) STRICT;

-- Bytes on the line a day (UTC, days since 1970).
CREATE TABLE link (
    day INTEGER PRIMARY KEY,
    sent_bytes INTEGER NOT NULL,
    received_bytes INTEGER NOT NULL
) STRICT;

-- What became of the node's requests (node.db, request_to_daemon).
CREATE TABLE request_answer (
    id INTEGER PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    done INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0,
    code TEXT NOT NULL DEFAULT '',
    finished_wall_ms INTEGER
) STRICT;

-- The keys with which this station has talked to its city, by the serial number of the first
-- certificate for each. The node journals every change of keys as the station's own evidence.
CREATE TABLE own_key (
    serial INTEGER PRIMARY KEY,
    kid BLOB NOT NULL CHECK (length(kid) = 8)
) STRICT;
