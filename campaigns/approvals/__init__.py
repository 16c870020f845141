"""Approval by a second person of exactly what a launch would freeze."""
