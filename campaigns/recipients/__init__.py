"""Who of a task's candidates gets a message, and why the others are left out."""
