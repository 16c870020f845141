"""What the forms of the admin have in common."""
