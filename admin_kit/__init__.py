"""Base classes and tools for the admin pages of every app."""
