"""The station: kiosks, counters, display and printers on the station LAN."""
