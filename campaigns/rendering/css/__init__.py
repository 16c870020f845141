"""Style sheets: the cascade, applied as style attributes for mail programs."""
