"""Import contacts from a CSV file: manage.py import_contacts FILE --owner USERNAME"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any, BinaryIO

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.management.base import CommandError

from campaigns.files.contact_import import ImportReport, import_contacts
from campaigns.files.row_errors import Problems
from campaigns.management.importing import ImportCommand


class Command(ImportCommand):
    help = f"Import contacts from a CSV file. {ImportCommand.help}"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--owner", required=True, help="user name of whom they belong to")
        parser.add_argument(
            "--tag", action="append", default=[], help="add this tag to each contact (repeatable)"
        )

    def load(self, file: BinaryIO, options: dict[str, Any]) -> ImportReport:
        return import_contacts(
            file,
            _user(options["owner"]),
            tags=options["tag"],
            encoding=options["encoding"],
            may_suppress=True,
        )

    def problems(self, report: ImportReport) -> dict[str, Problems]:
        return {
            **super().problems(report),
            "Ignored": report.ignored,
            "Suppressed": report.suppressed,
            "Kept out": report.kept_out,
            "Still mailed": report.still_mailed,
        }


def _user(username: str) -> AbstractBaseUser:
    users = get_user_model()
    try:
        return users._default_manager.get_by_natural_key(username)
    except users.DoesNotExist as error:
        raise CommandError(f"There is no user called {username!r}.") from error
