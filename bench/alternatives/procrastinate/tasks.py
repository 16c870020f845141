"""The procrastinate task."""

from __future__ import annotations

from procrastinate.contrib.django import app

from bench import letter


@app.task(pass_context=False)
def send(recipient: str, values: dict[str, str]) -> None:
    letter.send(recipient, values)
