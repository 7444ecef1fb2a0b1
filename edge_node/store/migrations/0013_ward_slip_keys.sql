-- Slip keys of every station as the city states them. `ended` as in slip_key: empty while the key is
-- good, else the JSON of the positions up to which its slips stay good (null: none).
CREATE TABLE stated_slip_key (
    kid BLOB NOT NULL CHECK (length(kid) = 4),
    station TEXT NOT NULL,
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    ended TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (kid, station, public_key)
) STRICT, WITHOUT ROWID;
