"""Web middleware and probes: sizes, encodings, headers, health."""
