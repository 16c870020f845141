"""Whether an address is suppressed is asked at many places: all of them agree."""

from __future__ import annotations

import pytest
from django.db.models import QuerySet
from django.db.models.functions import Now

from campaigns import audience, erasure, suppressions
from campaigns.launching import launch
from campaigns.models import (
    Contact,
    LeftOut,
    LeftOutReason,
    SubTask,
    Suppression,
    TaskStatus,
)
from campaigns.state import retries
from dispatch.claiming import claims
from tests.factories import (
    ContactFactory,
    ContentFactory,
    SendingTaskFactory,
    SubTaskFactory,
    TaskFactory,
)
from tracking import subscriptions
from tracking.subscriptions import Subscriber

pytestmark = pytest.mark.django_db

BLOCKED = [
    ("ada@example.com", "ada@example.com"),
    ("ada@example.com", "@example.com"),
    ("ada@mail.example.com", "@mail.example.com"),
    ("ada@xn--bcher-kva.example", "@xn--bcher-kva.example"),
    ("ada+news@example.com", "ada+news@example.com"),
    ('"ada@home"@example.com', "@example.com"),
    ("a@b@example.com", "@example.com"),
    ("münze@example.com", "münze@example.com"),
]
FREE = [
    ("ada@example.com", "@mail.example.com"),
    ("ada@mail.example.com", "@example.com"),
    ("ada@example.com.test", "@example.com"),
    ("ada@notexample.com", "@example.com"),
    ("ada+news@example.com", "ada@example.com"),
    ("a@b@example.com", "@b@example.com"),
    ('"ada@home"@example.com', "@home"),
    ("a_a@example.com", "a%@example.com"),
]
CASES = [(address, entry, True) for address, entry in BLOCKED] + [
    (address, entry, False) for address, entry in FREE
]


def failed_subtask(address: str) -> QuerySet[SubTask]:
    task = SendingTaskFactory(status="completed")
    subtask = SubTaskFactory(
        task=task,
        content=ContentFactory(task=task),
        recipient_email=address,
        status="failed",
        failure_reason="retries_exhausted",
    )
    return SubTask.objects.filter(pk=subtask.pk)


def is_launched(address: str) -> bool:
    task = TaskFactory(status=TaskStatus.QUEUED, launched_at=Now())
    ContactFactory(owner=task.owner, email=address)
    launch.expand(task.pk)
    return SubTask.objects.filter(task=task).exists()


def is_left_out_of_a_launch(address: str) -> bool:
    """For its suppression; an address that cannot be mailed at all is left out for that. Another
    contact keeps the launch from being given up."""
    task = TaskFactory(status=TaskStatus.QUEUED, launched_at=Now())
    for email in (address, "grace@free.test"):
        ContactFactory(owner=task.owner, email=email)
    launch.expand(task.pk)
    reasons = (LeftOutReason.SUPPRESSED, LeftOutReason.DOMAIN_SUPPRESSED)
    return LeftOut.objects.filter(task=task, recipient_email=address, reason__in=reasons).exists()


def is_claimed(address: str) -> bool:
    task = SendingTaskFactory()
    SubTaskFactory(task=task, content=ContentFactory(task=task), recipient_email=address)
    return bool(claims.lock_claimable(task.pk, 1))


def is_retried(address: str) -> bool:
    return bool(retries.retry_failed(failed_subtask(address)).ids)


def is_left_out_of_a_retry(address: str) -> bool:
    return retries.plan(failed_subtask(address)).suppressed == 1


def is_expected(address: str) -> bool:
    ContactFactory(email=address)
    return audience.mailable(Contact.objects.filter(email=address)).exists()


@pytest.mark.parametrize(("address", "entry", "blocked"), CASES)
def test_every_place_agrees_on_whether_an_address_is_suppressed(
    address: str, entry: str, blocked: bool
) -> None:
    Suppression.objects.create(email=entry)
    says_blocked = {
        "claim": not is_claimed(address),
        "launch": is_left_out_of_a_launch(address),
        "number expected": not is_expected(address),
        "retry": not is_retried(address),
        "left out of a retry": is_left_out_of_a_retry(address),
        "look-up": address in suppressions.suppressed([address]),
        "entries": suppressions.entries_of(address).exists(),
        "page of the recipient": subscriptions.state_of(Subscriber(1, address)) is not None,
    }
    assert says_blocked == dict.fromkeys(says_blocked, blocked)


def test_every_place_that_can_know_the_hash_leaves_out_an_erased_address() -> None:
    """A contact or SubTask that a slow launch stored just after the erasure."""
    erasure.forbid("ada@example.com")
    assert not is_claimed("ada@example.com")
    assert not is_launched("ada@example.com")
    assert suppressions.suppressed(["ada@example.com"])
    assert subscriptions.state_of(Subscriber(1, "ada@example.com")) is not None
