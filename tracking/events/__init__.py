"""Incoming events: accepted, matched, applied, and deleted by retention."""
