"""What Django lacks for PostgreSQL: enum types, and many rows in one parameter."""
