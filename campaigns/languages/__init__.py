"""Content by language: which variant of a campaign a contact gets, and who has none."""
