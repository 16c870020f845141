"""Public pages for people who sign up: no login, no cookies, no scripts."""
