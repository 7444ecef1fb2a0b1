"""What comes from stations: checked, kept, opened and entered."""
