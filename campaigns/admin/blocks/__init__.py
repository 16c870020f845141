"""The editor of messages in blocks, and what goes with it: brands and saved blocks."""
