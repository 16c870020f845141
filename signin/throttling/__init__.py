"""Limits on password and code tries."""
