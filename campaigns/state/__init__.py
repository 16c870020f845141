"""The states of a task and of its SubTasks, and the only code that changes them."""
