"""Why a campaign is not being sent, and when it will be done: manage.py why TASK"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaigns.models import Task, TaskStatus
from dispatch.waiting import words
from dispatch.waiting.estimate import estimates
from dispatch.waiting.why import why


class Command(BaseCommand):
    help = (
        "Say why a campaign waits, when its next message can start, and when it will be done. By "
        "the number in the address of its page, or by its name."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("task", help="the number of the campaign, or its name")

    def handle(self, *args: Any, **options: Any) -> None:
        task = _task(options["task"])
        found = why(task)
        self.stdout.write(f"{task}: {task.get_status_display()}")
        for said in words.sentences(found):
            self.stdout.write(f"  {said}")
        if task.status != TaskStatus.SENDING or found.next_at is None:
            return
        start = words.next_start(found) or "The next message can start now."
        self.stdout.write(f"  {start}")
        if (estimate := estimates().get(task.pk)) and (end := words.end(estimate, found.now)):
            self.stdout.write(f"  {end}")


def _task(asked: str) -> Task:
    named = Task.objects.filter(name=asked)
    found = Task.objects.filter(pk=int(asked)) if asked.isdecimal() and not named else named
    if len(found) > 1:
        numbers = ", ".join(str(task.pk) for task in found[:10])
        raise CommandError(f"Several campaigns are called {asked!r}; name one by number: {numbers}")
    if not found:
        raise CommandError(f"There is no campaign {asked!r}.")
    task: Task = found[0]
    return task
