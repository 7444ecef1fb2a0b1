"""Money at the desk: what is due, how it was paid, what the bank said, the cash drawer."""
