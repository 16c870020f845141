"""Import contacts from a CSV file: manage.py import_contacts FILE --owner USERNAME"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from campaigns.contact_import import ContactImportError, ImportReport, import_contacts
from campaigns.management.files import opened


class Command(BaseCommand):
    help = (
        "Import contacts from a CSV file. Good rows come in, bad rows are listed with their line "
        "and the reason. Exits with 1, having changed nothing, when no row can be used."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="the CSV file, or - for standard input")
        parser.add_argument("--owner", required=True, help="user name of whom they belong to")
        parser.add_argument(
            "--tag", action="append", default=[], help="add this tag to each contact (repeatable)"
        )
        parser.add_argument("--encoding", help="such as utf-8 or gb18030; detected when left out")
        parser.add_argument(
            "--dry-run", action="store_true", help="report what would happen and change nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        owner = _user(options["owner"])
        try:
            with opened(options["file"]) as file, transaction.atomic():
                report = import_contacts(
                    file, owner, tags=options["tag"], encoding=options["encoding"]
                )
                transaction.set_rollback(options["dry_run"])
        except OSError as error:
            raise CommandError(f"The file cannot be opened: {error}") from error
        except ContactImportError as error:
            raise CommandError(str(error)) from error
        self._print(report)
        if report.rejected and not report.accepted:
            raise CommandError("No row of the file could be used.")
        if options["dry_run"]:
            self.stdout.write("Dry run: nothing was changed.")

    def _print(self, report: ImportReport) -> None:
        for note in report.notes:
            self.stdout.write(note)
        for title, problems in (("Rejected", report.rejected), ("Ignored", report.ignored)):
            for line, value, reason in problems:
                self.stdout.write(f"{title}: line {line}: {value or '(empty)'}: {reason}")
        self.stdout.write(
            f"{report.created} created, {report.updated} updated, {report.unchanged} unchanged, "
            f"{report.duplicates} duplicate rows, {len(report.rejected)} rejected."
        )


def _user(username: str) -> AbstractBaseUser:
    users = get_user_model()
    try:
        return users._default_manager.get_by_natural_key(username)
    except users.DoesNotExist as error:
        raise CommandError(f"There is no user called {username!r}.") from error
