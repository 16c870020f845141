"""The pages of email services."""
