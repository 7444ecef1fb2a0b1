"""Evidence for people who do not trust us."""
