"""The decision of a test: by maintenance at its looks, or by a person at any time before."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from access.ownership import User
from campaigns.ab_tests import figures, rule
from campaigns.ab_tests.figures import Figures
from campaigns.models import ABTest, SubTask, SubTaskStatus, TaskStatus
from campaigns.models.ab_test import (
    OPEN_STATES,
    UNTIL_RELEASED,
    Otherwise,
    TestState,
    Verdict,
)
from campaigns.models.subtask import HELD

RUNNING = (TaskStatus.SENDING, TaskStatus.PAUSED, TaskStatus.COMPLETED)
"""A completed one has no rest: its sample was everyone."""
FRESH = dt.timedelta(seconds=15)
"""How old figures may be on pages. Of large samples they may be older: a look takes longer."""
ROWS_A_SECOND = 2_000
OVER = _("The test is decided already. Nothing was changed.")
NOT_SENT_YET = _("The sample is still being sent: the time only counts from then on.")


class NotOpen(Exception):
    """A test cannot be decided; the message says why."""


def look_at_tests() -> int:
    """Look at the tests that wait for a decision, and decide on those that are due. Returns how
    many were looked at."""
    waiting = ABTest.objects.filter(state__in=OPEN_STATES, task__status__in=RUNNING)
    return sum(_look_at(pk) for pk in waiting.values_list("pk", flat=True))


def choose(test_id: int, content_id: int, user: User) -> ABTest:
    """Send this variant to the rest. Raises NotOpen."""
    with transaction.atomic():
        test = _opened(test_id)
        found = figures.look(test)
        if content_id not in [each.content for each in found]:
            raise NotOpen(gettext("That is no variant of this test. Nothing was changed."))
        _keep(test, found)
        _decide(test, Verdict.CHOSEN, content_id, user)
    return test


def split(test_id: int, user: User) -> ABTest:
    """Send every variant to an equal part of the rest. Raises NotOpen."""
    with transaction.atomic():
        test = _opened(test_id)
        _keep(test, figures.look(test))
        _decide(test, Verdict.SPLIT, None, user)
    return test


def wait_on(test_id: int) -> ABTest:
    """Decide after once more the test's time, from now on. Raises NotOpen."""
    with transaction.atomic():
        test = _opened(test_id)
        if test.sent_at is None:
            raise NotOpen(NOT_SENT_YET)
        test.state = TestState.COLLECTING
        test.decide_at = test.now + test.decide_after  # type: ignore[attr-defined]  # annotated
        test.looks = rule.LOOKS - 1
        test.save()
    return test


def _opened(test_id: int) -> ABTest:
    """Locked. Raises NotOpen."""
    found = _locked().filter(pk=test_id)
    locked: ABTest | None = found.select_for_update(no_key=True, of=("self",)).first()
    if locked is None or locked.state not in OPEN_STATES:
        raise NotOpen(str(OVER))
    if locked.task.status not in RUNNING:
        raise NotOpen(gettext("The campaign is not being sent any more. Nothing was changed."))
    return locked


def _locked() -> QuerySet[Any]:
    """Each with the time of the database's clock, as `now`."""
    return ABTest.objects.select_related("task").annotate(now=Now())


def _look_at(test_id: int) -> bool:
    """Not when a person is just deciding."""
    with transaction.atomic():
        waiting = _locked().filter(pk=test_id, state__in=OPEN_STATES)
        test = waiting.select_for_update(no_key=True, skip_locked=True, of=("self",)).first()
        if test is None:
            return False
        if test.sent_at is None and not _is_being_sent(test):
            test.sent_at, test.decide_at = test.now, test.now + test.decide_after
            test.save()
        due = _look_due(test)
        if due > test.looks or _is_stale(test):
            found = figures.look(test)
            _keep(test, found)
            if due > test.looks:
                _judge(test, found, due)
    return True


def _is_being_sent(test: ABTest) -> bool:
    """Whether some of the sample is still to be handed over. Those in doubt are not waited for. By
    index subtask_claim and subtask_held."""
    of_task = SubTask.objects.filter(task=test.pk)
    pending = of_task.filter(status=SubTaskStatus.PENDING, available_at__lt=UNTIL_RELEASED)
    held = of_task.filter(status__in=HELD, in_doubt_since=None)
    return pending.exists() or held.exists()


def _look_due(test: Any) -> int:
    """The number of the look that is due by now, 0 for none."""
    if test.state != TestState.COLLECTING or test.decide_at is None:
        return 0
    return rule.look_due(test.decide_after - (test.decide_at - test.now), test.decide_after)


def _is_stale(test: Any) -> bool:
    fresh = FRESH + dt.timedelta(seconds=test.sample_size / ROWS_A_SECOND)
    return test.looked_at is None or test.now - test.looked_at > fresh


def _keep(test: ABTest, found: list[Figures]) -> None:
    test.figures = figures.as_json(found)
    test.looked_at = test.now  # type: ignore[attr-defined]  # annotated
    test.save()


def _judge(test: ABTest, found: list[Figures], look: int) -> None:
    """Decide, if it is clear or the last look."""
    test.looks = look
    test.save()
    is_last = look >= rule.LOOKS
    if not is_last and not test.ends_early:
        return
    best = rule.winner([each.seen(test.measure) for each in found], test.threshold, is_last)
    if best is not None:
        _decide(test, Verdict.CLEAR, found[best].content)
    elif is_last and test.otherwise == Otherwise.FIRST:
        _decide(test, Verdict.NONE, found[0].content)
    elif is_last:
        test.state = TestState.ASKING
        test.save()


def _decide(
    test: ABTest, verdict: Verdict, winner_id: int | None, user: User | None = None
) -> None:
    test.state = TestState.RELEASING
    test.verdict = verdict
    test.winner_id = winner_id
    test.decided_by_id = user.pk if user else None
    test.decided_at = test.now  # type: ignore[attr-defined]  # annotated
    test.save()
