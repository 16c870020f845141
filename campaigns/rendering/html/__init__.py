"""The HTML of a template: read without being rewritten, made a page, made plain text."""
