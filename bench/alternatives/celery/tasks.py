"""The Celery app and its task."""

from __future__ import annotations

import django
from celery import Celery

from bench import letter

django.setup()
app = Celery("bench")
app.config_from_object("django.conf:settings", namespace="CELERY")


@app.task
def send(recipient: str, values: dict[str, str]) -> None:
    letter.send(recipient, values)
