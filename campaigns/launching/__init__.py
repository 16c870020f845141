"""From a task to a SubTask for each recipient."""
