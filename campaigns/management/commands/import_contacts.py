"""Import contacts from a file: manage.py import_contacts FILE --owner USERNAME"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.management.base import CommandError

from campaigns.files.csv_reader import rewindable
from campaigns.files.row_errors import FileImportError, Problems
from campaigns.imports.reading.ahead import read_ahead
from campaigns.imports.reading.pieces import Piece
from campaigns.imports.reading.sources import WORKBOOK
from campaigns.imports.reading.workbooks import is_workbook
from campaigns.imports.report import ImportReport
from campaigns.imports.settings import Existing, ImportSettings
from campaigns.imports.understanding.understand import understand
from campaigns.imports.writing.contacts import import_by_settings
from campaigns.management.importing import ImportCommand


class Command(ImportCommand):
    help = f"Import contacts from a file, CSV or XLSX. {ImportCommand.help}"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--owner", required=True, help="user name of whom they belong to")
        parser.add_argument(
            "--tag", action="append", default=[], help="add this tag to each contact (repeatable)"
        )
        parser.add_argument(
            "--existing",
            choices=[each.value for each in Existing],
            default=Existing.UPDATE.value,
            help="what becomes of contacts that exist: take what the file has, take what they do "
            "not have, or leave them as they are (default: update)",
        )
        parser.add_argument(
            "--guess",
            action="store_true",
            help="as in the browser, guess the types of attributes, and find columns of consent, "
            "the heading line and the column of addresses; else the first line names the columns, "
            "and values are text but where an attribute has another type",
        )
        parser.add_argument("--sheet", default="", help="of a workbook; the first when left out")

    def load(self, file: BinaryIO, options: dict[str, Any]) -> ImportReport:
        owner = _user(options["owner"])
        with rewindable(file) as source:
            settings = replace(
                _settings(source, owner, options),
                tags=tuple(options["tag"]),
                existing=Existing(options["existing"]),
                may_suppress=True,
                dry_run=options["dry_run"],
            )
            name = "standard input" if options["file"] == "-" else Path(options["file"]).name
            return import_by_settings(source, name, owner, settings, ahead=self._ahead)

    def _ahead(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """Reads a piece while one is merged, and shows how far it is where a person looks on."""
        began, rows = time.monotonic(), 0
        with read_ahead(pieces) as ready:
            for piece in ready:
                yield piece
                rows += piece.read
                if self.stderr.isatty():
                    speed = rows / max(time.monotonic() - began, 0.001)
                    self.stderr.write(f"\r{rows:,} rows, {speed:,.0f} a second ", ending="")
        if self.stderr.isatty():
            self.stderr.write("")

    def problems(self, report: ImportReport) -> dict[str, Problems]:
        return {
            **super().problems(report),
            "Ignored": report.ignored,
            "Suppressed": report.suppressed,
            "Kept out": report.kept_out,
            "Still mailed": report.still_mailed,
        }


def _settings(file: BinaryIO, owner: AbstractBaseUser, options: dict[str, Any]) -> ImportSettings:
    asked = ImportSettings(encoding=options["encoding"] or "", sheet=options["sheet"])
    if options["guess"]:
        understood = understand(file, options["file"], owner, asked)
        if understood.problem:
            raise FileImportError(understood.problem)
        return understood.settings
    return replace(asked, format=WORKBOOK) if is_workbook(file) else asked


def _user(username: str) -> AbstractBaseUser:
    users = get_user_model()
    try:
        return users._default_manager.get_by_natural_key(username)
    except users.DoesNotExist as error:
        raise CommandError(f"There is no user called {username!r}.") from error
