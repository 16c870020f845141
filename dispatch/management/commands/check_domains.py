"""Look the domains of the enabled email services up in the DNS: manage.py check_domains"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaigns.wording import counted
from dispatch.domains import checking
from dispatch.domains.check import Verdict
from dispatch.models import EmailService


class Command(BaseCommand):
    help = (
        "Look up whether the domains of the enabled email services are ready, now, and keep the "
        "results. Exits with 1 when any has a problem or could not be checked."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--service", help="the name of one service, enabled or not")

    def handle(self, *args: Any, **options: Any) -> None:
        bad = sum([self._check(service) for service in _services(options["service"])])
        if bad:
            raise CommandError(f"{counted(bad, 'domain')} not ready or not checked.")

    def _check(self, service: EmailService) -> bool:
        """Whether anything is wrong."""
        checks = checking.look_at(service)
        checking.keep(service, checks)
        self.stdout.write(f"{service} ({service.domain})")
        for check in checks:
            self.stdout.write(f"  {check.name} {check.verdict}: {check.words}")
            if check.publish:
                self.stdout.write(f"    {check.publish}")
        return any(check.verdict in (Verdict.PROBLEM, Verdict.UNKNOWN) for check in checks)


def _services(name: str | None) -> list[EmailService]:
    found = EmailService.objects.filter(**({"name": name} if name else {"enabled": True}))
    services: list[EmailService] = list(found)
    if name and not services:
        raise CommandError(f"There is no email service called {name!r}.")
    return services
