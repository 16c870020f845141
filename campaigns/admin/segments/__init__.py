"""Admin pages for segments: a form to build conditions, live counts, splits."""
