"""An export as one page that the person opens and reads, in the person's language."""
