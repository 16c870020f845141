"""Settings of this project for benchmarks: as in production, in a database of its own."""

from __future__ import annotations

import base64
import os

import django

DATABASE = "product"
TEMPLATE = "template"
SECRET = "a key for the benchmarks only, which leaves nothing behind"


def environment(url: str, dispatchers: int = 1) -> dict[str, str]:
    """For a program of the product. Not with DEBUG: Django would keep every statement."""
    return {
        **os.environ,
        "DATABASE_URL": url,
        "DEBUG": "False",
        "SECRET_KEY": SECRET,
        "CREDENTIALS_KEYS": base64.urlsafe_b64encode(SECRET[:32].encode()).decode(),
        "TRACKING_KEYS": base64.urlsafe_b64encode(SECRET[:32].encode()).decode(),
        "ERASURE_KEYS": base64.urlsafe_b64encode(SECRET[:32].encode()).decode(),
        "MESSAGE_ID_KEYS": base64.urlsafe_b64encode(SECRET[:32].encode()).decode(),
        "ALLOWED_HOSTS": "localhost",
        "PUBLIC_URL": "http://localhost",
        "LOOPBACK_PORTS": "1-65535",  # where its SMTP sinks are
        "DISPATCHERS": str(dispatchers),
        "LOG_LEVEL": "WARNING",
        "LOG_FORMAT": "text",
    }


def use_product(url: str) -> None:
    """Make this process one of the product's, before it imports any model; those that it starts by
    `bench.rig.with_django` become that too.
    """
    os.environ.update(environment(url))
    os.environ["DJANGO_SETTINGS_MODULE"] = "edm_project.settings"
    django.setup()
