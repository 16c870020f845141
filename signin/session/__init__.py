"""A session from its beginning to its end, and what it has to confirm."""
