"""`manage.py audit_dispatch`: are the guarantees kept? Exits 1 and names the rows if not."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from dispatch.audit import audit


class Command(BaseCommand):
    help = (
        "Checks guarantees 1 to 6 from the database: a line each, exit status 1 if one is broken."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        findings = list(audit())
        for finding in findings:
            self.stdout.write(
                f"{'ok    ' if finding.holds else 'BROKEN'} {finding.guarantee}: {finding.summary}"
            )
            for offender in finding.offenders:
                self.stdout.write(f"       {offender}")
        if not all(finding.holds for finding in findings):
            raise SystemExit(1)
