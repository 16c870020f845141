"""What staff learn of a message before it is sent."""
