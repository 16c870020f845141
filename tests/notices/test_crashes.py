"""An occurrence is told once, whatever is interrupted, and by however many at once."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db.models.functions import Now

from campaigns.models import Task
from dispatch.models import Pace
from notices import looking, outbox, sending
from notices.models import Delivery, Notice, Standing
from tests.campaigns.admin.staff import SUPERUSER, member
from tests.concurrency import run_together
from tests.factories import EmailServiceFactory, TaskFactory
from tests.notices.telling import ada, grace, note, told


class Killed(BaseException):
    """Nothing catches it."""


def kill_at(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def die(*args: object, **kwargs: object) -> None:
        raise Killed

    monkeypatch.setattr(outbox, name, die)


def finish(task: Task) -> None:
    Task.objects.filter(pk=task.pk).update(status="completed", completed_at=Now())


def root() -> User:
    """Groups are not there where a test commits."""
    return member(SUPERUSER, username="root", email="root@example.com")


class TestWhoLooks:
    def test_is_killed_between_a_notice_and_its_deliveries(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        finish(TaskFactory(owner=ada()))
        kill_at(monkeypatch, "_deliver")
        with pytest.raises(Killed):
            looking.look_now()
        assert not Notice.objects.exists()
        monkeypatch.undo()
        assert told() == told() == [("finished", "ada")]

    def test_is_killed_after_it_saw_that_something_begins(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        grace()
        Pace.objects.filter(pk=EmailServiceFactory().pk).update(needs_person=True)
        kill_at(monkeypatch, "record")
        with pytest.raises(Killed):
            looking.look_now()
        assert not Standing.objects.filter(kind="frozen").exists()
        monkeypatch.undo()
        assert told() == told() == [("frozen", "grace")]


class TestWhoSends:
    def test_is_killed_after_it_claimed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        note(ada())
        assert outbox.claim() and not outbox.claim()
        Delivery.objects.update(next_try_at=Now())  # the claim has run out
        sending.send_due(0)
        assert len(mail.outbox) == 1 and Delivery.objects.get().attempts == 2

    def test_is_killed_before_it_notes_that_it_sent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        note(ada())
        kill_at(monkeypatch, "sent")
        with pytest.raises(Killed):
            sending.send_due(0)
        monkeypatch.undo()
        Delivery.objects.update(next_try_at=Now())
        sending.send_due(0)
        first, second = (message.extra_headers["Message-ID"] for message in mail.outbox)
        assert first == second and Delivery.objects.get().state == "sent"

    @pytest.mark.django_db(transaction=True)
    def test_two_who_claim_at_once_share_what_is_due(self) -> None:
        owner = root()
        for name in ("Spring", "Summer"):
            note(owner, name)
        claims = run_together(outbox.claim, outbox.claim)
        assert sorted(row.notice.facts["name"] for claim in claims for row in claim) == [
            "Spring", "Summer"
        ]  # fmt: skip

    @pytest.mark.django_db(transaction=True)
    def test_two_who_look_at_once_tell_once(self) -> None:
        finish(TaskFactory(owner=root()))
        run_together(looking.look_now, looking.look_now)
        assert told() == [("finished", "root")]
