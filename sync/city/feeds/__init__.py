"""What the city says to its stations, and the attachments that come."""
