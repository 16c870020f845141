"""The queue of background work: its broker, and what puts work into it."""
