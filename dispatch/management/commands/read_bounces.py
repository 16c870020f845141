"""`manage.py read_bounces`: read the bounce mailboxes now. Clusters do so by themselves."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from dispatch.bounces import reading
from dispatch.models import BounceMailbox


class Command(BaseCommand):
    help = (
        "Reads the bounce mailboxes of email services, whether they are due or not: a line each, "
        "exit status 1 if one cannot be read. Clusters read them by themselves."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("service", nargs="*", help="Names of services; all if none is given.")

    def handle(self, *args: Any, **options: Any) -> None:
        mailboxes = BounceMailbox.objects.filter(enabled=True).order_by("service_id")
        if options["service"]:
            mailboxes = mailboxes.filter(service__name__in=options["service"])
        names = mailboxes.values_list("service_id", "service__name")
        if not names:
            self.stdout.write("There is no mailbox to read: set one up at its email service.")
        went_well = [self._read(service_id, name) for service_id, name in names]
        if not all(went_well):
            raise SystemExit(1)

    def _read(self, service_id: int, name: str) -> bool:
        """Whether there was nothing that kept it from being read."""
        claimed = reading.claim(service_id)
        outcome = reading.read(claimed) if claimed else None
        if outcome is None:
            self.stdout.write(f"{name}: another process is reading a mailbox; try again later")
            return True
        self.stdout.write(f"{name}: {outcome}")
        if outcome.problem:
            self.stdout.write(f"{name}: {outcome.problem}")
        return not outcome.problem
