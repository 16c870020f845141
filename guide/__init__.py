"""Help in place: the documents for staff, readable in the admin, and what each screen is for."""
