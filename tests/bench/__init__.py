"""Our speed beside simpler designs, measured in one run on one machine."""
