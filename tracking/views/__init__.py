"""Public pages for recipients and their mail programs: no login, no cookies, no scripts."""
