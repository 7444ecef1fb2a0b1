-- Calls, priority, appointments and what the room may see of them.

-- What sets a number apart: a plain one has no row. `counter` is the only one that may call it.
CREATE TABLE ticket_place (
    ticket_id INTEGER PRIMARY KEY,
    priority TEXT NOT NULL DEFAULT '',
    quick INTEGER NOT NULL DEFAULT 0 CHECK (quick IN (0, 1)),
    counter TEXT NOT NULL DEFAULT '',
    booked_at TEXT NOT NULL DEFAULT ''
) STRICT;

-- Further services of one visit, in their order; a row goes when its turn comes.
CREATE TABLE ticket_visit (
    ticket_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    service_id TEXT NOT NULL,
    PRIMARY KEY (ticket_id, position)
) STRICT, WITHOUT ROWID;

-- First calls, with why and how many earlier arrivals were passed over: the evidence of fairness.
CREATE TABLE queue_call (
    id INTEGER PRIMARY KEY,
    day TEXT NOT NULL,
    ticket_id INTEGER NOT NULL,
    service_id TEXT NOT NULL,
    counter TEXT NOT NULL,
    called_at TEXT NOT NULL,
    waited_s INTEGER NOT NULL,
    reason TEXT NOT NULL,
    priority INTEGER NOT NULL CHECK (priority IN (0, 1)),
    passed INTEGER NOT NULL
) STRICT;

CREATE INDEX queue_call_of_day ON queue_call (day, id);

-- How turns ended; `served_s` counts from the last call.
CREATE TABLE queue_turn (
    id INTEGER PRIMARY KEY,
    day TEXT NOT NULL,
    ticket_id INTEGER NOT NULL,
    service_id TEXT NOT NULL,
    counter TEXT NOT NULL,
    outcome TEXT NOT NULL,
    ended_at TEXT NOT NULL,
    served_s INTEGER NOT NULL
) STRICT;

CREATE INDEX queue_turn_of_day ON queue_turn (day, id);

-- Booked visits: a code that the citizen brings, and nothing about the citizen.
CREATE TABLE appointment (
    code TEXT PRIMARY KEY,
    day TEXT NOT NULL,
    booked_for TEXT NOT NULL,
    service_id TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('officer', 'api', 'city')),
    state TEXT NOT NULL,
    ticket_id INTEGER,
    booked_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX appointment_of_day ON appointment (day, booked_for);

-- Keys that never leave the station.
CREATE TABLE station_secret (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
