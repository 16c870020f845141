"""A template's HTML: read without rewriting it, turned into a page or into plain text."""
