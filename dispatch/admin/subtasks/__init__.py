"""The pages of SubTasks."""
