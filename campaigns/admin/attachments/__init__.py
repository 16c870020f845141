"""Attachments in admin: rows in the form of a campaign."""
