"""PostgreSQL features that Django lacks: enum types, and many rows in one parameter."""
