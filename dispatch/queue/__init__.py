"""The queue of background work, and having a worker do something."""
