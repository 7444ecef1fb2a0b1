-- How many bytes of attachments were sent on a local day (number since 1970), for the city's limit.
CREATE TABLE blob_day (
    day INTEGER PRIMARY KEY,
    sent_bytes INTEGER NOT NULL CHECK (sent_bytes >= 0)
) STRICT;
