"""The city's side: accepts the stations' batches, keeps each record once, enters them."""
