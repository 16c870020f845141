"""How often a password or a code may be tried."""
