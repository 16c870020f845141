from django.apps import AppConfig


class DevmailConfig(AppConfig):
    """What `make run` adds for development: a local SMTP server, its mail to read, and a demo."""

    name = "devmail"
    verbose_name = "Local mail"
