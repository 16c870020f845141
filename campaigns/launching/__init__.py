"""Launching: create the SubTasks of a task."""
