"""Who gets a message and why others do not, against what plain Python expects."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from hypothesis import HealthCheck, given, settings

from campaigns import audience
from campaigns.launching import launch
from campaigns.models import (
    Contact,
    LeftOut,
    LeftOutReason,
    Segment,
    SubTask,
    Suppression,
    Task,
    TaskStatus,
)
from campaigns.models.contacts import UNUSUAL_ADDRESS
from campaigns.recipients import answer, counting, decision, promises
from tests.campaigns.recipients.population import POPULATIONS, Population
from tests.factories import ContactFactory, SegmentFactory, TaskFactory, UserFactory

pytestmark = pytest.mark.django_db
SOME = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


def queued(population: Population) -> Task:
    return population.store(status=TaskStatus.QUEUED, launched_at=Now())


def fates(task: Task) -> dict[str, str]:
    """What a launch has recorded, by address."""
    found: dict[str, str] = {s.recipient_email: "" for s in SubTask.objects.filter(task=task)}
    for left_out in LeftOut.objects.filter(task=task):
        found[left_out.recipient_email] = left_out.reason
    return found


@SOME
@given(POPULATIONS)
def test_the_numbers_before_a_launch_are_right(population: Population) -> None:
    with transaction.atomic():
        counts = counting.count(population.store())
        transaction.set_rollback(True)
    expected = Counter(population.expected().values())
    assert counts.sent == expected.pop("", 0)
    assert dict(counts.by_reason) == expected
    assert counts.candidates == counts.sent + sum(expected.values())


@SOME
@given(POPULATIONS)
def test_a_promise_has_the_numbers_that_were_counted(population: Population) -> None:
    with transaction.atomic():
        promise = promises.show(population.store(), None)
        transaction.set_rollback(True)
    assert promise.counts == Counter(population.expected().values())


@SOME
@given(POPULATIONS)
def test_a_launch_records_each_candidate_once(population: Population) -> None:
    with transaction.atomic():
        task = queued(population)
        launch.prepare(task)
        while launch.expand_chunk(task):
            pass
        recorded = fates(task) if Task.objects.get(pk=task.pk).status != "draft" else {}
        transaction.set_rollback(True)
    expected = population.expected()
    assert recorded == (expected if "" in expected.values() else {})


@SOME
@given(POPULATIONS)
def test_each_list_holds_those_of_its_reason(population: Population) -> None:
    with transaction.atomic():
        task = population.store()
        lists = {
            reason: [each.address for each in counting.listed(task, reason, 0, 50)]
            for reason in ("", *LeftOutReason)
        }
        transaction.set_rollback(True)
    expected = population.expected()
    assert lists == {
        reason: [email for email, fate in expected.items() if fate == reason] for reason in lists
    }


@SOME
@given(POPULATIONS)
def test_one_person_is_told_the_same(population: Population) -> None:
    with transaction.atomic():
        task = population.store()
        answers = {c.email: answer.why(task, c) for c in Contact.objects.filter(owner=task.owner)}
        transaction.set_rollback(True)
    expected = population.expected()
    assert {email: a.reason or "" for email, a in answers.items() if a.is_candidate} == expected
    assert {email for email, a in answers.items() if a.is_sent} == {
        email for email, fate in expected.items() if not fate
    }


class TestSpellings:
    def queued(self, *emails: str) -> Task:
        task = TaskFactory(status=TaskStatus.QUEUED, launched_at=Now())
        for email in emails:
            ContactFactory(owner=task.owner, email=email)
        return task

    def test_an_address_stored_in_another_spelling_is_mailed_as_it_is_spelled_today(self) -> None:
        task = self.queued("ada@bücher.example")
        launch.expand(task.pk)
        assert fates(task) == {"ada@xn--bcher-kva.example": ""}

    def test_a_suppression_holds_for_every_spelling(self) -> None:
        Suppression.objects.create(email="ada@xn--bcher-kva.example")
        task = self.queued("ada@bücher.example", "bob@example.com")
        launch.expand(task.pk)
        assert fates(task) == {"bob@example.com": "", "ada@xn--bcher-kva.example": "suppressed"}

    @pytest.mark.parametrize("size", [1, 10])
    def test_two_spellings_of_an_address_get_one_message(
        self, monkeypatch: pytest.MonkeyPatch, size: int
    ) -> None:
        monkeypatch.setattr(launch, "CHUNK", size)
        task = self.queued("ada@bücher.example", "bob@example.com", "ada@xn--bcher-kva.example")
        assert counting.count(task).by_reason == {LeftOutReason.DUPLICATE: 1}
        launch.expand(task.pk)
        assert SubTask.objects.filter(task=task).count() == 2
        assert LeftOut.objects.get().reason == "duplicate"

    def test_a_twin_that_is_left_out_leaves_the_message_to_the_other(self) -> None:
        task = self.queued("ada@bücher.example", "ada@xn--bcher-kva.example")
        Contact.objects.filter(email__contains="ü").update(mail_consent="refused")
        launch.expand(task.pk)
        assert SubTask.objects.get().recipient_email == "ada@xn--bcher-kva.example"
        assert LeftOut.objects.get().reason == "refused"

    @pytest.mark.parametrize("size", [1, 10])
    def test_contacts_of_two_owners_with_one_address_get_one_message(
        self, monkeypatch: pytest.MonkeyPatch, size: int
    ) -> None:
        monkeypatch.setattr(launch, "CHUNK", size)
        monkeypatch.setattr(audience, "included", lambda task, at=None: Contact.objects.all())
        task = self.queued("ada@example.com")
        ContactFactory(owner=UserFactory(), email="ada@example.com")
        assert counting.count(task).by_reason == {LeftOutReason.DUPLICATE: 1}
        launch.expand(task.pk)
        assert SubTask.objects.count() == LeftOut.objects.count() == 1
        assert LeftOut.objects.get().reason == "duplicate"

    @pytest.mark.parametrize(
        "email", ["a..b@example.com", "ada@host", "ada@printer.local", "@x.de"]
    )
    def test_an_address_that_cannot_be_mailed_is_left_out(self, email: str) -> None:
        task = self.queued(email, "bob@example.com")
        launch.expand(task.pk)
        assert fates(task) == {email: "invalid", "bob@example.com": ""}


class TestSegmentThatFails:
    def task(self) -> Task:
        task = TaskFactory(audience="tags", status=TaskStatus.QUEUED, launched_at=Now())
        ContactFactory(owner=task.owner)
        broken: Segment = SegmentFactory(owner=task.owner, condition={"is": "unknown"})
        task.exclude_segments.add(broken)
        return task

    def test_nothing_is_counted_without_it(self) -> None:
        with pytest.raises(decision.UnknownAudience, match="cannot be used"):
            counting.count(self.task())

    def test_one_person_is_told_so(self) -> None:
        task = self.task()
        told = answer.why(task, Contact.objects.get(owner=task.owner))
        assert "cannot be used" in told.sentence
        assert not told.is_sent

    def test_a_launch_comes_to_nothing_and_says_so(self) -> None:
        task = self.task()
        launch.expand(task.pk)
        task.refresh_from_db()
        assert task.status == TaskStatus.DRAFT
        assert "cannot be used" in task.note


def test_the_unusual_addresses_are_found_by_their_index() -> None:
    owner = UserFactory()
    Contact.objects.bulk_create(
        Contact(owner=owner, email=f"person{number}@example.com") for number in range(2_000)
    )
    unusual = Contact.objects.filter(owner=owner).filter(UNUSUAL_ADDRESS)
    sql, params = unusual.order_by("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE campaigns_contact")
        cursor.execute(f"EXPLAIN {sql}", params)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "contact_unusual_address" in plan
