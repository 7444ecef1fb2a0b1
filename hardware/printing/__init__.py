"""Printer drivers; each imports the ports and never another driver."""
