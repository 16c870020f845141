"""`manage.py export_since TIME`: what a backup of that time does not know, to standard output."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_datetime

from dispatch.restoring import export


class Command(BaseCommand):
    help = (
        "Writes who was suppressed and what was handed over since a time, with addresses, for "
        "carry_over after a restore. Keep the file where backups are, as private as they are."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("since", help="such as 2026-11-29T03:00:00+00:00")

    def handle(self, *args: Any, **options: Any) -> None:
        for line in export.lines(_moment(options["since"])):
            self.stdout.write(line, ending="")


def _moment(text: str) -> dt.datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CommandError(
            f"{text!r} is not a time with its offset, such as 2026-11-29T03:00:00+00:00 "
            "(date --iso-8601=seconds --date='2 hours ago')."
        )
    return moment
