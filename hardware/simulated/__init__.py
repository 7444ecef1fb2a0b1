"""Devices made of software, in their own processes, speaking the real wire protocols."""
