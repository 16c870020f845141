"""Admin pages that make files of rows: for few at once, for many in the cluster."""
