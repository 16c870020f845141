"""Changes of many contacts at once, in the cluster: tags, consent, deletion, and their undo."""
