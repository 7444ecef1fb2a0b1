"""Whether this station is well, and what a technician should do."""
