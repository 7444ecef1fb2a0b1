"""The station on its LAN: being found, being trusted."""
