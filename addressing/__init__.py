"""Normalised forms of email addresses, domains and Message-IDs."""
