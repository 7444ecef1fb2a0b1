"""Devices of the station behind small ports: printers, scanners, the clock."""
