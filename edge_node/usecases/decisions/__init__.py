"""What officers decide about a dossier, from the first look to the result handed over."""
