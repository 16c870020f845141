"""Which SubTasks a service may send next, claimed for it."""
