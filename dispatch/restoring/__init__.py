"""After a backup was restored: carrying over what happened since, from a file or from logs."""
