"""Shared by the commands that import a CSV file."""

from __future__ import annotations

import sys
from abc import abstractmethod
from argparse import ArgumentParser
from contextlib import nullcontext
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from campaigns.files.row_errors import FileImportError, FileReport, Problems


class ImportCommand(BaseCommand):
    help = (
        "Good rows come in, bad rows are listed with their line and the reason. Exits with 1, "
        "having changed nothing, when no row can be used."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the file, or - for standard input")
        parser.add_argument("--encoding", help="such as utf-8 or gb18030; detected when left out")
        parser.add_argument(
            "--dry-run", action="store_true", help="report what would happen and change nothing"
        )

    @abstractmethod
    def load(self, file: BinaryIO, options: dict[str, Any]) -> FileReport:
        """Raises FileImportError and then has changed nothing."""

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with _opened(options["file"]) as file, transaction.atomic():
                report = self.load(file, options)
                transaction.set_rollback(options["dry_run"])
        except OSError as error:
            raise CommandError(f"The file cannot be opened: {error}") from error
        except FileImportError as error:
            raise CommandError(str(error)) from error
        self._print(report)
        if report.rejected and not report.accepted:
            raise CommandError("No row of the file could be used.")
        if options["dry_run"]:
            self.stdout.write("Dry run: nothing was changed.")

    def problems(self, report: Any) -> dict[str, Problems]:
        """What to list, by what became of it."""
        return {"Rejected": report.rejected}

    def _print(self, report: FileReport) -> None:
        for note in report.notes:
            self.stdout.write(note)
        for title, problems in self.problems(report).items():
            for line, value, reason in problems:
                self.stdout.write(f"{title}: line {line}: {value or '(empty)'}: {reason}")
            if problems.unlisted:
                self.stdout.write(f"{title}: and {problems.unlisted:,} more.")
        self.stdout.write(report.explain())


def _opened(path: str) -> Any:
    """A context with the bytes of a file; "-" is standard input. Raises OSError."""
    return nullcontext(sys.stdin.buffer) if path == "-" else Path(path).open("rb")
