"""What comes back about a message: taken in, matched, applied, and forgotten in time."""
