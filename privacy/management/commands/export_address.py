"""Export everything stored about an address: manage.py export_address ADDRESS"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from addressing.addresses import AddressError, normalise
from privacy import export
from privacy.readable.page import LANGUAGES, as_html, language_for


class Command(BaseCommand):
    help = (
        "Print everything that is known about an address, or write it to a file: as JSON, or as "
        "a page to read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address")
        parser.add_argument("--output", help="the file to write; standard output when left out")
        parser.add_argument(
            "--format", choices=["json", "html"], default="json", help="html is a page to read"
        )
        parser.add_argument(
            "--language", choices=sorted(LANGUAGES), help="of the page; else as the contact says"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            address = normalise(options["address"])
        except AddressError as error:
            raise CommandError(str(error)) from error
        content = _content(address, options)
        if not options["output"]:
            self.stdout.write(content, ending="")
            return
        try:
            Path(options["output"]).write_text(content, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"The file cannot be written: {error}") from error


def _content(address: str, options: dict[str, Any]) -> str:
    if options["format"] == "html":
        return as_html(address, options["language"] or language_for(address))
    return export.as_json(export.collect(address))
