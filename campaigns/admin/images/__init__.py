"""Admin pages of pictures."""
