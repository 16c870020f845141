"""Render templates into messages."""
