"""Suppress the addresses and domains in a CSV file: manage.py import_suppressions FILE"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any, BinaryIO

from campaigns.files.row_errors import Problems
from campaigns.files.suppression_import import SuppressionReport, import_suppressions
from campaigns.management.importing import ImportCommand
from campaigns.models.contacts import SuppressionReason

REASONS = [reason.value for reason in SuppressionReason if reason != SuppressionReason.ERASED]


class Command(ImportCommand):
    help = f"Suppress the addresses and domains in a CSV file. {ImportCommand.help}"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--reason", choices=REASONS, default="manual", help="of rows that do not name one"
        )
        parser.add_argument("--source", default="", help="of rows that do not name one")

        parser.add_argument(
            "--domains",
            action="store_true",
            help="suppress whole domains, too, such as @example.com: for every owner",
        )

    def load(self, file: BinaryIO, options: dict[str, Any]) -> SuppressionReport:
        return import_suppressions(
            file,
            reason=SuppressionReason(options["reason"]),
            source=options["source"],
            encoding=options["encoding"],
            domains=options["domains"],
        )

    def problems(self, report: SuppressionReport) -> dict[str, Problems]:
        return {**super().problems(report), "Ignored": report.ignored}
