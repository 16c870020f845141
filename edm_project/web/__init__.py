"""What stands before every request: sizes, encodings, headers, and probes."""
