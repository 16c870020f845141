"""What each member of staff sets for oneself: language and time zone."""
