"""The station's sync process: reads the journal, talks to the city, keeps what the city said."""
