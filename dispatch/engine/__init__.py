"""The dispatch loop: claims, sends and records, a tick at a time."""
