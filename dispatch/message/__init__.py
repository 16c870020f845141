"""A message as bytes: its headers and its body."""
