"""From a template to the texts of a message."""
