"""Bring the rows of a file into contacts, and take them back."""
