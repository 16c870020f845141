"""Our own links in a message: made for each recipient, and read when they are followed."""
