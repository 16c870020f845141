"""What the commands after a restore have in common."""

from __future__ import annotations

from abc import abstractmethod
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaigns.models import Task
from campaigns.wording import counted
from dispatch.restoring.carry import Carried, StillRunning, leave_out_numbers, refuse_while_running
from dispatch.restoring.files import NotUsable


class CarryOverCommand(BaseCommand):
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="+", help="may be given again at any time: once is all")

    @abstractmethod
    def carry(self, lines: Iterable[str]) -> Carried:
        """Raises NotUsable and then has changed nothing."""

    def handle(self, *args: Any, **options: Any) -> None:
        for name in options["file"]:
            try:
                refuse_while_running()
                with Path(name).open(encoding="utf-8", errors="replace") as lines:
                    carried = self.carry(lines)
            except (OSError, StillRunning, NotUsable) as error:
                raise CommandError(f"{name}: {error}") from error
            self._tell(name, carried)

    def _tell(self, name: str, carried: Carried) -> None:
        if carried.highest:
            leave_out_numbers(carried.highest)
        self.stdout.write(
            f"{name}: {counted(carried.suppressed, 'entry', 'entries')} added to the suppression "
            f"list, {counted(carried.sent, 'SubTask')} marked as sent, {carried.in_doubt:,} in "
            "doubt."
        )
        names = dict(Task.objects.filter(pk__in=carried.unknown).values_list("pk", "name"))
        for task_id, number in sorted(carried.unknown.items()):
            task = f"task {task_id} “{names.get(task_id, 'not in this database')}”"
            of_which = task if task_id else "tasks that this database does not have"
            self.stdout.write(
                f"{name}: {counted(number, 'message')} of {of_which} came of a launch after the "
                "backup and cannot be marked: do not launch it again."
            )
