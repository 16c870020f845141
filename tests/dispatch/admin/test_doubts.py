"""What is in doubt over all campaigns, in one place; a whole group is decided at once."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from campaigns.models import Operation, SubTask, TaskStatus
from campaigns.operations import running
from campaigns.state import bulk
from dispatch.admin.subtasks.doubts import Group, groups
from dispatch.clock import database_time
from dispatch.models import Attempt, AttemptOutcome, Decision, EmailService
from tests.campaigns.admin.staff import (
    CONFIRM,
    MANAGER,
    NOBODY,
    OPERATOR,
    VIEWER,
    address,
    entries,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.factories import EmailServiceFactory, SendingTaskFactory, in_doubt
from tracking.models import Event

pytestmark = pytest.mark.django_db
QUEUE = address("campaigns.subtask", "in_doubt")
SILENT, DIED = "No reply to the whole message: timed out", "The process died."


def doubt(service: EmailService, reply: str = SILENT, **values: object) -> SubTask:
    subtask = in_doubt(service, **values)
    Attempt.objects.create(
        subtask=subtask,
        service=service,
        dispatcher_id=1,
        claim_token=uuid.uuid4(),
        slot_at=Now(),
        started_at=Now(),
        outcome=AttemptOutcome.UNKNOWN,
        reply=reply,
    )
    return subtask


def seen(user: User) -> list[Group]:
    return groups(user, database_time())


def question(user: User, choice: str) -> str:
    """The address by which the first group is decided so."""
    page = page_of(signed_in(user).get(QUEUE))
    found = re.findall(rf'href="([^"]*in-doubt/decide/[^"]*choice={choice}[^"]*)"', page)
    return unescape(found[0])


@pytest.fixture
def service() -> EmailService:
    return EmailServiceFactory(name="North")


def test_doubts_are_grouped_by_service_and_by_what_the_connection_said(
    service: EmailService,
) -> None:
    for reply in (SILENT, SILENT, DIED):
        doubt(service, reply)
    doubt(EmailServiceFactory(name="South"))
    found = [(len(each.ids), each.service.name, each.cause) for each in seen(member(OPERATOR))]
    assert found == [(2, "North", SILENT), (1, "North", DIED), (1, "South", SILENT)]


@pytest.mark.parametrize("status", [TaskStatus.COMPLETED, TaskStatus.CANCELLED])
def test_those_of_campaigns_that_are_over_are_there_too(service: EmailService, status: str) -> None:
    doubt(service, task=SendingTaskFactory(status=status, name="Spring"))
    page = page_of(signed_in(member(VIEWER)).get(QUEUE))
    assert "1 message handed to “North”" in page
    assert "“Spring”" in page


def test_what_the_provider_told_since_is_shown(service: EmailService) -> None:
    for number in range(2):
        subtask = doubt(service)
        Event.objects.create(
            kind="deferred", source="test", dedupe_key=str(number), subtask=subtask
        )
    assert [each.events for each in seen(member(OPERATOR))] == ["Delayed: 2"]


def test_the_doubts_of_others_are_theirs(service: EmailService) -> None:
    manager = member(MANAGER)
    doubt(service)
    doubt(service, task=SendingTaskFactory(owner=manager))
    assert [len(each.ids) for each in seen(manager)] == [1]


def test_who_may_not_decide_sees_no_buttons_and_is_refused(service: EmailService) -> None:
    doubt(service)
    may, may_not = member(OPERATOR), member(VIEWER)
    assert "in-doubt/decide/" not in page_of(signed_in(may_not).get(QUEUE))
    url = question(may, "give_up")
    assert signed_in(may_not).post(url, CONFIRM).status_code == 403
    assert signed_in(member(NOBODY)).get(QUEUE).status_code == 403
    assert not Decision.objects.exists()


def test_each_decision_says_what_it_does_before_it_is_chosen(service: EmailService) -> None:
    doubt(service)
    page = page_of(signed_in(member(OPERATOR)).get(QUEUE))
    for effect in (
        "Each counts as sent.",
        "Each is sent again; who got the message already gets it twice.",
        "Each counts as failed and is not sent again.",
    ):
        assert effect in page


def test_since_when_is_told_with_its_day(service: EmailService) -> None:
    subtask = doubt(service)
    SubTask.objects.filter(pk=subtask.pk).update(in_doubt_since="2026-03-09T11:55:14Z")
    assert [each.since for each in seen(member(OPERATOR))] == ["9 Mar 2026, 11:55"]


def test_a_group_is_decided_at_once_after_it_was_asked(service: EmailService) -> None:
    first, second, other = doubt(service), doubt(service), doubt(service, DIED)
    operator = member(OPERATOR)
    client, url = signed_in(operator), question(operator, "was_sent")
    page = page_of(client.get(url))
    assert "2 messages in doubt. Each counts as sent." in page
    assert not Decision.objects.exists()
    answer = client.post(url, CONFIRM, follow=True)
    assert texts(answer) == "2 messages in doubt: it was sent."
    assert set(Decision.objects.values_list("subtask_id", flat=True)) == {first.pk, second.pk}
    assert entries(first) == [(operator.username, "Decided: It was sent.")]
    assert SubTask.objects.in_doubt().get() == other


def test_what_comes_into_doubt_meanwhile_is_not_decided_with_it(service: EmailService) -> None:
    doubt(service)
    operator = member(OPERATOR)
    url = question(operator, "send_again")
    later = doubt(service)
    SubTask.objects.filter(pk=later.pk).update(in_doubt_since=Now() + dt.timedelta(minutes=1))
    signed_in(operator).post(url, CONFIRM)
    assert SubTask.objects.in_doubt().get() == later


def test_a_second_click_changes_nothing(service: EmailService) -> None:
    doubt(service)
    operator = member(OPERATOR)
    client, url = signed_in(operator), question(operator, "give_up")
    client.post(url, CONFIRM, follow=True)
    answer = client.post(url, CONFIRM, follow=True)
    assert texts(answer) == "These are not in doubt any more. Nothing was changed."
    assert Decision.objects.count() == 1


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?group=x&choice=give_up&at=yesterday",
        "?group=x&choice=all&at=2026-01-01",
        "?group=x&choice=give_up&at=0001-01-01T00:00:00%2B23:59",
        "?group=x&choice=give_up&at=2026-01-01T00:00:00%2B23:59",
    ],
)
def test_an_address_that_makes_no_sense_changes_nothing(service: EmailService, query: str) -> None:
    doubt(service)
    url = address("campaigns.subtask", "in_doubt_decide") + query
    answer = signed_in(member(OPERATOR)).post(url, CONFIRM, follow=True)
    assert texts(answer) == "These are not in doubt any more. Nothing was changed."
    assert SubTask.objects.in_doubt().count() == 1


class TestMoreThanAPageLooksAt:
    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bulk, "MOST_AT_ONCE", 2)
        monkeypatch.setattr(bulk, "PIECE", 3)

    def ask(self, user: User, choice: str = "give_up") -> Operation:
        signed_in(user).post(question(user, choice), CONFIRM)
        return Operation.objects.get()

    def work(self, operation: Operation) -> None:
        running.run(operation.pk)
        operation.refresh_from_db()

    def test_is_told_before(self, service: EmailService) -> None:
        for _ in range(5):
            doubt(service)
        operator = member(OPERATOR)
        page = page_of(signed_in(operator).get(question(operator, "give_up")))
        assert "All others of this service that ended in the same way are decided" in page
        assert not Operation.objects.exists()

    def test_is_decided_in_the_cluster_whole(self, service: EmailService) -> None:
        task = SendingTaskFactory()
        own = [doubt(service, task=task) for _ in range(5)]
        operator = member(OPERATOR)
        operation = self.ask(operator)
        assert (operation.state, operation.total) == ("queued", 5)
        assert not Decision.objects.exists()
        self.work(operation)
        assert (operation.state, operation.done, operation.result) == ("done", 5, {"changed": 5})
        decided = Decision.objects.values_list("subtask_id", "user_id", "choice")
        assert set(decided) == {(each.pk, operator.pk, "give_up") for each in own}
        assert entries(own[4]) == [(operator.username, "Decided: Give up.")]

    def test_is_shown_as_it_goes(self, service: EmailService) -> None:
        for _ in range(3):
            doubt(service)
        operator = member(OPERATOR)
        client = signed_in(operator)
        answer = client.post(question(operator, "was_sent"), CONFIRM, follow=True)
        assert texts(answer) == "It is done in the background. You may leave this page."
        self.work(Operation.objects.get())
        url = address("campaigns.operation", "change", Operation.objects.get().pk)
        assert "3 messages decided: It was sent." in page_of(client.get(url))

    def test_leaves_other_groups_alone(self, service: EmailService) -> None:
        task = SendingTaskFactory()
        for _ in range(2):
            doubt(service, task=task)
        others = {doubt(service, DIED, task=task).pk, doubt(EmailServiceFactory(), task=task).pk}
        self.work(self.ask(member(OPERATOR)))
        assert set(SubTask.objects.in_doubt().values_list("pk", flat=True)) == others

    def test_leaves_other_owners_alone(self, service: EmailService) -> None:
        planner = member(NOBODY)
        names = ("view_subtask", "decide_subtask", "view_task")
        planner.user_permissions.set(Permission.objects.filter(codename__in=names))
        task = SendingTaskFactory(owner=planner)
        for _ in range(2):
            doubt(service, task=task)
        other = doubt(service)
        self.work(self.ask(planner))
        assert SubTask.objects.in_doubt().get() == other

    def test_leaves_what_comes_into_doubt_meanwhile(self, service: EmailService) -> None:
        for _ in range(2):
            doubt(service)
        operation = self.ask(member(OPERATOR))
        later = doubt(service)
        SubTask.objects.filter(pk=later.pk).update(in_doubt_since=Now() + dt.timedelta(minutes=1))
        self.work(operation)
        assert SubTask.objects.in_doubt().get() == later

    def test_is_begun_once_by_two_clicks(self, service: EmailService) -> None:
        for _ in range(3):
            doubt(service)
        operator = member(OPERATOR)
        client, url = signed_in(operator), question(operator, "give_up")
        answers = [client.post(url, CONFIRM)["Location"] for _ in range(2)]
        assert answers[0] == answers[1]
        assert Operation.objects.count() == 1

    def test_ends_when_its_user_may_not_decide_any_more(self, service: EmailService) -> None:
        for _ in range(3):
            doubt(service)
        operator = member(OPERATOR)
        operation = self.ask(operator)
        operator.groups.clear()
        self.work(operation)
        assert operation.state == "failed"
        assert "may not do this any more" in operation.problem
        assert SubTask.objects.in_doubt().count() == 3


def test_with_nothing_in_doubt_it_says_so() -> None:
    assert "Nothing is in doubt" in page_of(signed_in(member(OPERATOR)).get(QUEUE))


def test_the_number_of_queries_does_not_grow(service: EmailService) -> None:
    client = signed_in(member(OPERATOR))
    numbers = []
    for _ in range(2):
        doubt(service)
        with CaptureQueriesContext(connection) as captured:
            client.get(QUEUE)
        numbers.append(len(captured))
        for _ in range(3):
            doubt(EmailServiceFactory())
    assert numbers[0] == numbers[1] <= 20
