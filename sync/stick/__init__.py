"""What a USB stick carries between a station and its city."""
