"""Suppress the addresses and domains in a CSV file: manage.py import_suppressions FILE"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from campaigns.management.files import opened
from campaigns.models.contacts import SuppressionReason
from campaigns.suppression_import import (
    SuppressionImportError,
    SuppressionReport,
    import_suppressions,
)

REASONS = [reason.value for reason in SuppressionReason if reason != SuppressionReason.ERASED]


class Command(BaseCommand):
    help = (
        "Suppress the addresses and domains in a CSV file. Good rows come in, bad rows are listed "
        "with their line and the reason. Exits with 1, having changed nothing, when no row can be "
        "used."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the CSV file, or - for standard input")
        parser.add_argument(
            "--reason", choices=REASONS, default="manual", help="of rows that do not name one"
        )
        parser.add_argument("--source", default="", help="of rows that do not name one")
        parser.add_argument("--encoding", help="such as utf-8 or gb18030; detected when left out")
        parser.add_argument(
            "--dry-run", action="store_true", help="report what would happen and change nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with opened(options["file"]) as file, transaction.atomic():
                report = import_suppressions(
                    file,
                    reason=SuppressionReason(options["reason"]),
                    source=options["source"],
                    encoding=options["encoding"],
                )
                transaction.set_rollback(options["dry_run"])
        except OSError as error:
            raise CommandError(f"The file cannot be opened: {error}") from error
        except SuppressionImportError as error:
            raise CommandError(str(error)) from error
        self._print(report)
        if report.rejected and not report.accepted:
            raise CommandError("No row of the file could be used.")
        if options["dry_run"]:
            self.stdout.write("Dry run: nothing was changed.")

    def _print(self, report: SuppressionReport) -> None:
        for note in report.notes:
            self.stdout.write(note)
        for line, value, reason in report.rejected:
            self.stdout.write(f"Rejected: line {line}: {value or '(empty)'}: {reason}")
        self.stdout.write(report.explain())
