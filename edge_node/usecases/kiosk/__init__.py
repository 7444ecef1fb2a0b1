"""What visitors do at a kiosk besides handing in a dossier and taking a number."""
