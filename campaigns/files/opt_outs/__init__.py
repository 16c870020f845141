"""Detect in a file which people must not be mailed."""
