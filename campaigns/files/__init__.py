"""Import and export files: contacts and suppressions."""
