"""What staff and maintenance do, and what must come of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from campaigns import tallies
from campaigns.models import SubTask, Suppression, Task
from campaigns.state import lifecycle, retries
from dispatch.decisions import decide
from dispatch.models import DecisionChoice, EmailService
from dispatch.pace import pace_rows, services
from tests.model.checks import Broken
from tests.model.rows import SubTaskRow, exactly
from tests.model.ticking import suppressed
from tests.model.world import World

OPEN = ("pending", "allocated", "sending")


class Staff:
    def __init__(self, world: World) -> None:
        self.world = world

    # Tasks

    def pause(self, task: Task) -> None:
        with self._moving(task, {"sending"}, "paused") as move:
            move(lifecycle.pause)

    def resume(self, task: Task) -> None:
        with self._moving(task, {"paused"}, "sending") as move:
            move(lifecycle.resume)

    def cancel(self, task: Task) -> None:
        possible = self.world.statuses[task.pk] in {"sending", "paused"}

        def expected(row: SubTaskRow) -> SubTaskRow:
            hit = possible and row.task_id == task.pk and row.status == "pending"
            return row.becomes("failed", "cancelled") if hit else row

        with self._moving(task, {"sending", "paused"}, "cancelled", expected) as move:
            move(lifecycle.cancel)

    @contextmanager
    def _moving(
        self,
        task: Task,
        start: Collection[str],
        end: str,
        expected: Callable[[SubTaskRow], SubTaskRow] = lambda row: row,
    ) -> Iterator[Callable[[Callable[[Task], None]], None]]:
        """What is asked for is done when it is possible and refused when it is not."""
        possible = self.world.statuses[task.pk] in start

        def move(verb: Callable[[Task], None]) -> None:
            try:
                verb(Task.objects.get(pk=task.pk))
            except lifecycle.NotPossible as error:
                if possible:
                    raise Broken(str(error)) from error
            if possible:
                self.world.statuses[task.pk] = end
            if possible and end == "cancelled":
                self.world.cancelled_at[task.pk] = self.world.clock.now

        with self.world.step(exactly(expected)):
            yield move

    def sweep(self) -> None:
        with self.world.step(exactly(self.world.swept)):
            lifecycle.sweep_cancelled()

    def complete(self) -> None:
        with self.world.step():
            left = {row.task_id for row in self.world.rows.values() if row.status in OPEN}
            for task_id, status in self.world.statuses.items():
                if status == "sending" and task_id not in left:
                    self.world.statuses[task_id] = "completed"
            lifecycle.complete_finished()

    def fold(self) -> None:
        with self.world.step_beside():
            tallies.fold()

    # SubTasks

    def retry(self, task: Task) -> None:
        listed = suppressed()

        def expected(row: SubTaskRow) -> SubTaskRow:
            hit = row.task_id == task.pk and row.status == "failed" and row.address not in listed
            cancelled = self.world.statuses[task.pk] == "cancelled"
            return row.becomes("pending", attempts=0) if hit and not cancelled else row

        with self.world.step(exactly(expected)):
            self._reopen([row for row in self.world.rows.values() if expected(row) != row])
            retries.retry_failed(SubTask.objects.filter(task=task))

    def decide(self, subtask_ids: Collection[int], choice: DecisionChoice) -> None:
        """A named person decides about SubTasks, whether they are in doubt or not."""
        becomes = {"was_sent": ("sent", ""), "send_again": ("pending", "")}.get(
            choice, ("failed", "discarded")
        )

        def expected(row: SubTaskRow) -> SubTaskRow:
            return row.becomes(*becomes) if row.in_doubt and row.id in subtask_ids else row

        with self.world.step(exactly(expected)):
            hit = [row for row in self.world.rows.values() if expected(row) != row]
            if choice != DecisionChoice.WAS_SENT:
                self.world.outside.allowed.update(row.id for row in hit)
            if choice == DecisionChoice.SEND_AGAIN:
                self._reopen(hit)
            decide(subtask_ids, choice, self.world.person)

    def _reopen(self, again: Collection[SubTaskRow]) -> None:
        for row in again:
            if self.world.statuses[row.task_id] == "completed":
                self.world.statuses[row.task_id] = "sending"

    def suppress(self, address: str) -> None:
        with self.world.step():
            Suppression.objects.get_or_create(email=address)

    # Services

    def freeze(self, service: EmailService) -> None:
        with self.world.step(), transaction.atomic():
            pace_rows.freeze(service, "because")

    def unfreeze(self, service: EmailService) -> None:
        with self.world.step(), transaction.atomic():
            pace_rows.unfreeze(service)

    def change(self, service: EmailService, **values: Any) -> None:
        """Change a service's limits, or whether it is enabled."""
        with self.world.step_beside():
            for name, value in values.items():
                setattr(service, name, value)
            services.save(service)
