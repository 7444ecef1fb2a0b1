"""What goes on paper and what paper proves: slips, their codes, kits for a dead node."""
