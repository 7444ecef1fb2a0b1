"""The dossiers of the Morango comparison, as a Django application for the peers' environment."""
