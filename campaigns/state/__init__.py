"""The states of tasks and SubTasks, and the only code that changes them."""
