"""Make a big audience: manage.py seed_audience --contacts 1000000 --events 10000000"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from devmail import audience


class Command(BaseCommand):
    help = (
        "Makes contacts with attributes and tags, campaigns that were sent to them, and what they "
        "did with the messages, all of a new owner “audience”. Takes minutes for a million."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--contacts", type=int, default=100_000)
        parser.add_argument("--events", type=int, default=1_000_000)
        parser.add_argument(
            "--messages",
            action="store_true",
            help="SubTasks and rows of the event inbox, too: several times slower.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        made = audience.seed(
            options["contacts"], options["events"], self.stdout.write, options["messages"]
        )
        self.stdout.write(
            f"{made.contacts:,} contacts, {made.messages:,} messages, {made.events:,} events."
        )
