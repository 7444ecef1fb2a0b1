"""What an officer sees at a counter."""
