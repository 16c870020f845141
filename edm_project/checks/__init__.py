"""System checks of the settings, the database and the secrets."""
