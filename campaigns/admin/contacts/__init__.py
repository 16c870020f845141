"""Admin pages for contacts and tags."""
