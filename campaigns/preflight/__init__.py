"""Checks and previews of a message before it is sent."""
