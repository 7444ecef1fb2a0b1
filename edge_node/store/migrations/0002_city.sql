-- What the city said, as far as it has taken effect here. A cursor moves in the transaction of the
-- effect; `acknowledged` is the size that a journal record has confirmed.
CREATE TABLE inbox_cursor (
    fid BLOB PRIMARY KEY CHECK (length(fid) = 16),
    size INTEGER NOT NULL CHECK (size >= 0),
    acknowledged INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Entries without effect so far: of a kind this release does not know, waiting for something that
-- has not come yet, or refused, which a person must see.
CREATE TABLE inbox_kept (
    fid BLOB NOT NULL CHECK (length(fid) = 16),
    sequence INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    eid BLOB NOT NULL,
    subject BLOB,
    body BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('unknown', 'waiting', 'refused')),
    code TEXT NOT NULL,
    noted_at TEXT NOT NULL,
    PRIMARY KEY (fid, sequence)
) STRICT;

-- The city's facts about dossiers, each once. `state` is the dossier state it told, empty if none.
CREATE TABLE city_fact (
    fid BLOB NOT NULL CHECK (length(fid) = 16),
    sequence INTEGER NOT NULL,
    dossier_id BLOB NOT NULL CHECK (length(dossier_id) = 16),
    type TEXT NOT NULL,
    state TEXT NOT NULL,
    text TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (fid, sequence)
) STRICT, WITHOUT ROWID;

CREATE INDEX city_fact_of_dossier ON city_fact (dossier_id);

-- What the city made of single records of ours, in its own words.
CREATE TABLE record_word (
    lid BLOB NOT NULL CHECK (length(lid) = 16),
    sequence INTEGER NOT NULL,
    code TEXT NOT NULL,
    text TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (lid, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE payment_word (
    reference TEXT NOT NULL,
    bank_transaction TEXT NOT NULL,
    amount_vnd INTEGER NOT NULL,
    paid_at TEXT NOT NULL,
    beneficiary TEXT NOT NULL,
    PRIMARY KEY (reference, bank_transaction)
) STRICT, WITHOUT ROWID;

CREATE TABLE officer_word (
    officer_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Catalogue releases that came from the city, checked whole; `content` is the packed files.
CREATE TABLE catalogue_release (
    position INTEGER PRIMARY KEY,
    version TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    content BLOB NOT NULL
) STRICT;

-- When a boot's clock was last tied to the city's time, so that it is not done all the time.
CREATE TABLE anchored (
    boot_id BLOB PRIMARY KEY CHECK (length(boot_id) = 8),
    mono_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- From which city time on the first `archived` records of a log were in a verified backup.
CREATE TABLE archive_mark (
    lid BLOB NOT NULL CHECK (length(lid) = 16),
    archived INTEGER NOT NULL,
    city_time_ms INTEGER NOT NULL,
    PRIMARY KEY (lid, archived)
) STRICT, WITHOUT ROWID;

-- Papers captured for a dossier; the sealed file and its row `blob` belong to the journal.
CREATE TABLE attachment (
    dossier_id BLOB NOT NULL CHECK (length(dossier_id) = 16),
    name TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    media_type TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    added_at TEXT NOT NULL,
    PRIMARY KEY (dossier_id, name)
) STRICT, WITHOUT ROWID;
