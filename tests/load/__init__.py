"""Measurements of the web side, not run with the tests: see each module's first lines."""
