"""Say what a file is understood to be, before it is imported."""
