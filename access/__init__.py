"""Row-level access for staff."""
