"""`manage.py audit_dispatch`: are the guarantees kept? Exits 1 and names the rows if not."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from dispatch.audit import audit


class Command(BaseCommand):
    help = (
        "Checks guarantees 1 to 6 and 12 from the database: a line each, exit status 1 if one is "
        "broken."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        findings = list(audit())
        for result in findings:
            self.stdout.write(
                f"{'ok    ' if result.holds else 'BROKEN'} {result.guarantee}: {result.summary}"
            )
            for offender in result.offenders:
                self.stdout.write(f"       {offender}")
        if not all(result.holds for result in findings):
            raise SystemExit(1)
