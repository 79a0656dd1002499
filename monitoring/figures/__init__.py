"""How many files there are of each kind and state, kept by the database as they change."""
