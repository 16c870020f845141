"""Export everything stored about an address as JSON: manage.py export_address ADDRESS"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from addressing.addresses import AddressError, normalise
from privacy import export


class Command(BaseCommand):
    help = "Print everything that is known about an address as JSON, or write it to a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address")
        parser.add_argument("--output", help="the file to write; standard output when left out")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            content = export.as_json(export.collect(normalise(options["address"])))
        except AddressError as error:
            raise CommandError(str(error)) from error
        if not options["output"]:
            self.stdout.write(content, ending="")
            return
        try:
            Path(options["output"]).write_text(content, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"The file cannot be written: {error}") from error
