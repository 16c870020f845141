"""How fast a service may go: slots, quotas, freezes, and the moment of a start."""
