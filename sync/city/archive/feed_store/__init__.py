"""What the city says to its stations, and what it knows of their attachments."""
