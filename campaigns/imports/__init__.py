"""Imports of contacts: what a file is understood to say, and how its rows come in."""
