"""Approval of campaigns on admin pages."""
