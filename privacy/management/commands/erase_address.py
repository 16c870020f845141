"""Erase an address: manage.py erase_address ADDRESS --yes"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from addressing.addresses import AddressError, normalise
from privacy import erasure, plan


class Command(BaseCommand):
    help = (
        "Erase everything that identifies an address. Without --yes it says what it would do. "
        "This cannot be undone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address")
        parser.add_argument("--yes", action="store_true", help="really erase it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            address = normalise(options["address"])
        except AddressError as error:
            raise CommandError(str(error)) from error
        if not options["yes"]:
            for name, value in plan.details(address):
                self.stdout.write(f"{name}: {value}")
            self.stdout.write("Nothing was changed. To erase the address, add --yes.")
            return
        try:
            self.stdout.write(erasure.erase(address).explain())
        except erasure.NotNow as error:
            raise CommandError(str(error)) from error
