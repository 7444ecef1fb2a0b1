"""What a technician sees."""
