"""Conditions compiled to SQL: one room for each kind of field, and how PostgreSQL may run them."""
