"""HTML pages, live events and the JSON interface of the station node."""
