"""What recipients and their mail programs reach: no login, no cookies, no scripts."""
