"""Style sheets: which rule wins, written into the tags as mail programs need it."""
