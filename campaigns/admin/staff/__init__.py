"""Admin pages for staff: accounts, groups, teams, sign-ins."""
