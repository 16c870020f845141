"""How dates and times are written on staff's screens: one format for each language. Of languages
that are not here, Django's own."""
