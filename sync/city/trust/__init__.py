"""Whose word counts: the city's keys, the stations' certificates, what is revoked."""
