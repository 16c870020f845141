"""The files that staff bring and take away: contacts and suppressions."""
