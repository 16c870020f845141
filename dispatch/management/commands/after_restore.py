"""`manage.py after_restore`: the first command on a restored database."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dispatch.restoring.carry import StillRunning, leave_out_numbers, refuse_while_running
from dispatch.restoring.holding import hold


class Command(BaseCommand):
    help = (
        "After a restore, before a cluster or web server is started: holds every task, and leaves "
        "out the numbers that messages since the backup had."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            refuse_while_running()
        except StillRunning as error:
            raise CommandError(str(error)) from error
        for line in hold():
            self.stdout.write(line)
        self.stdout.write(f"The next SubTask will be number {leave_out_numbers():,} or higher.")
