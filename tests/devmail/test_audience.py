from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from campaigns.models import Contact, Engagement, Launch, SubTask, SubTaskStatus, Task, TaskStatus
from devmail import audience
from dispatch.audit import audit
from dispatch.models import Attempt
from tracking.models import Event

pytestmark = pytest.mark.django_db


def quiet(text: str) -> None:
    """Says nothing."""


@pytest.fixture(autouse=True)
def no_vacuum(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot run in the transaction of a test."""
    monkeypatch.setattr(audience, "analyze", lambda: None)


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'campaigns_engagement'")
        return {definition for (definition,) in cursor.fetchall()}


def test_as_many_contacts_and_about_as_many_events_as_asked_for() -> None:
    before = indexes()
    made = audience.seed(400, 4_000, quiet)
    assert made.contacts == Contact.objects.filter(owner=made.owner_id).count() == 400
    assert 3_000 < made.events < 5_000
    assert made.messages == sum(Launch.objects.values_list("inserted", flat=True))
    assert indexes() == before


def test_the_messages_themselves_add_up_by_the_audit() -> None:
    made = audience.seed(100, 500, quiet, with_messages=True)
    sent = SubTask.objects.filter(sent_at__isnull=False).count()
    assert sent == Engagement.objects.filter(kind=1).count() == made.messages
    assert Attempt.objects.count() == sent
    assert Event.objects.count() == made.events
    (under_way,) = Task.objects.filter(status=TaskStatus.SENDING)
    assert SubTask.objects.filter(task=under_way, status=SubTaskStatus.PENDING).exists()
    assert [result.offenders for result in audit() if result.guarantee.startswith("3")] == [[]]


def test_the_command_makes_another_owner_each_time() -> None:
    said = StringIO()
    for _ in range(2):
        call_command("seed_audience", "--contacts=50", "--events=100", stdout=said)
    assert said.getvalue().count("50 contacts,") == 2
    assert Contact.objects.values("owner").distinct().count() == 2
