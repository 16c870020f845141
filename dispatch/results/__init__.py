"""What became of deliveries: recorded, logged, counted, and recovered after a crash."""
