"""How a message is seen before it is sent."""
