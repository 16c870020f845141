"""Content by language in admin: the question before a launch, and the results."""
