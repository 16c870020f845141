"""The processes of `manage.py qcluster`: started, watched, and ended."""
