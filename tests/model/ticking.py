"""What one dispatcher may do in one tick, and what it may not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from django.conf import settings

from campaigns.models import Suppression
from dispatch.claiming.deliveries import Delivery
from dispatch.models import Pace
from dispatch.pace import pace_rows
from dispatch.providers import idempotency_window
from tests.model.hand_overs import UNANSWERED, UNBEGUN, End
from tests.model.puppets import Puppet
from tests.model.rows import SubTaskRow

if TYPE_CHECKING:
    from tests.model.world import World

NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


class Ticking:
    """Made before the tick; judges it afterwards."""

    def __init__(self, world: World, puppet: Puppet) -> None:
        self._world = world
        self._puppet = puppet
        self._waited = set(puppet.waiting)
        self._suppressed = suppressed()
        self._de_duplicating = {
            service.pk for service in world.services if idempotency_window(service.provider)
        }
        self._frozen = {
            pace.pk for pace in Pace.objects.all() if pace_rows.is_frozen(pace, world.clock.now)
        }

    def explains(self, before: SubTaskRow, after: SubTaskRow) -> bool:
        """Whether the tick may have made this of a SubTask."""
        if self._puppet.is_lost:
            return after == before
        if before.status == "pending" or before.in_doubt:
            return after == before or self._may_be_claimed(before, after)
        if before.dispatcher_id != self._puppet.id:
            return after == before
        if reported := self._reported(before):
            end, is_repeat = reported
            settled = before.ended(end, len(settings.RETRY_DELAYS_SECONDS), is_repeat)
            return after.state == settled.state or self._may_be_claimed(settled, after)
        marked = replace(before, status="sending")
        return after in (before, marked) or self._may_forget(before, after)

    def complaints(self) -> Iterator[str]:
        """What it should not have claimed or handed over."""
        for delivery in self._puppet.granted:
            if delivery.grant.service_id in self._frozen:
                yield f"service {delivery.grant.service_id} is frozen and was granted a message"
            if delivery.claim.recipient_email in self._suppressed:
                yield f"SubTask {delivery.claim.id} was claimed although its address is suppressed"
        for delivery in set(self._puppet.waiting) - self._waited:
            row = self._world.rows[delivery.claim.id]
            if not holds(self._puppet, delivery, row):
                yield f"a delivery was handed over that is not durably sending: {row}"
            if self._world.statuses[row.task_id] != "sending":
                yield f"SubTask {row.id} was handed over, its task is not being sent"

    def passed_over(self) -> Iterator[str]:
        """Whoever had to wait although a service served somebody whom it had served more
        recently.
        """
        if self._puppet.agenda is None or not self._puppet.granted:
            return
        now, served = self._world.clock.now, self._world.served
        owners = {task.pk: task.owner_id for task in self._world.tasks}
        # What is repeated comes first, whosever turn it is, and counts as a turn.
        granted = {
            (delivery.grant.service_id, owners[delivery.claim.task_id])
            for delivery in self._puppet.granted
        }
        repeats = {
            (delivery.grant.service_id, owners[delivery.claim.task_id])
            for delivery in self._puppet.granted
            if delivery.claim.repeat_until is not None
        }
        for service_id, owner in granted - repeats:
            for plan in self._puppet.agenda.tasks_for(service_id, now):
                before = served.get((service_id, plan.owner_id), NEVER)
                if before < served.get((service_id, owner), NEVER) and self._left(plan.id):
                    yield f"service {service_id} passed over task {plan.id}"
        served |= dict.fromkeys(granted, now)

    def _left(self, task_id: int) -> bool:
        return any(
            row.task_id == task_id
            and row.status == "pending"
            and row.available_at <= self._world.clock.now
            for row in self._world.rows.values()
        )

    def _reported(self, before: SubTaskRow) -> tuple[End, bool] | None:
        """How the hand-over of a SubTask ended, and whether it was a repeat."""
        for request in self._puppet.requests:
            for report in request.reports:
                if report.delivery.held == (before.id, before.token):
                    guess = UNANSWERED if report.started else UNBEGUN
                    is_repeat = report.delivery.claim.repeat_until is not None
                    return self._world.ends.get(report.delivery, guess), is_repeat
        return None

    def _may_be_claimed(self, before: SubTaskRow, after: SubTaskRow) -> bool:
        """Pending rows are claimed, or failed instead when the address is suppressed. What is in
        doubt may be repeated where the provider de-duplicates, and nowhere else.
        """
        if before.in_doubt:
            return (
                before.service_id in self._de_duplicating
                and before.address not in suppressed()
                and after.state == before.repeated(self._puppet.id).state
            )
        if before.status != "pending":
            return False
        if before.address in suppressed():
            return after.state == before.becomes("failed", "suppressed").state
        return after.state == before.claimed(self._puppet.id).state

    def _may_forget(self, before: SubTaskRow, after: SubTaskRow) -> bool:
        """After a failed commit, what a dispatcher does not know that it holds is pending again, or
        in doubt if it was to be repeated.
        """
        if all(request.remembered is None for request in self._puppet.requests):
            return False
        if before.status == "sending":
            return after.state == before.left_in_doubt().state
        pending = before.becomes("pending")
        return after.state == pending.state or self._may_be_claimed(pending, after)


def holds(puppet: Puppet, delivery: Delivery, row: SubTaskRow) -> bool:
    """Whether a SubTask is durably being sent by this dispatcher under this claim."""
    return (row.status, row.in_doubt, row.dispatcher_id, row.token) == (
        "sending", False, puppet.id, delivery.held.token,
    )  # fmt: skip


def suppressed() -> set[str]:
    return set(Suppression.objects.values_list("email", flat=True))
