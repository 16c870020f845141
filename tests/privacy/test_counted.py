"""What a launch has recorded of an address is exported and erased, and the counts stay true."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now

from campaigns.launching import launch
from campaigns.models import Contact, Difference, Launch, LeftOut, Task, TaskStatus
from campaigns.recipients import promises
from dispatch.audit.recipients import count_is_true
from privacy import export
from privacy.erasure import erase
from tests.factories import ContactFactory, TaskFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
ADA, BOB = "ada@example.com", "bob@example.com"


def launched() -> Task:
    """Ada was promised a message, and refused before the launch; Bob gets one."""
    task = TaskFactory(status=TaskStatus.QUEUED, launched_at=Now())
    for email in (ADA, BOB):
        ContactFactory(owner=task.owner, email=email)
    promises.confirm(promises.show(task, task.owner))
    Contact.objects.filter(email=ADA).update(mail_consent="refused")
    launch.expand(task.pk)
    return task


def test_an_export_shows_where_an_address_was_left_out() -> None:
    task = launched()
    collected = export.collect(ADA)
    assert collected["left_out"] == [{"task": task.name, "reason": "refused"}]
    assert collected["changed_before_launch"] == [{"task": task.name, "change": "left_out"}]


def test_an_erasure_forgets_the_address_and_keeps_the_counts() -> None:
    launched()
    erase(ADA)
    assert LeftOut.objects.get().recipient_email.endswith("@erased.invalid")
    assert Difference.objects.get().recipient_email == ""
    assert Launch.objects.get().left_out == {"refused": 1}
    assert count_is_true().offenders == []


def test_an_erasure_forgets_the_key_of_an_address_in_a_promise() -> None:
    owner: User = UserFactory()
    task = TaskFactory(owner=owner)
    for email in (ADA, BOB):
        ContactFactory(owner=owner, email=email)
    promise = promises.show(task, owner)
    erase(ADA)
    [keys] = promise.contacts.values_list("address_keys", flat=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT ('x' || left(md5(%s), 16))::bit(64)::bigint", [BOB])
        assert sorted(keys) == sorted([0, *cursor.fetchone()])


def test_one_erased_between_promise_and_launch_was_deleted() -> None:
    task = TaskFactory(status=TaskStatus.QUEUED, launched_at=Now())
    for email in (ADA, BOB):
        ContactFactory(owner=task.owner, email=email)
    promises.confirm(promises.show(task, task.owner))
    erase(ADA)
    launch.expand(task.pk)
    assert Launch.objects.get().differences == [["deleted", "", "none", 1]]
