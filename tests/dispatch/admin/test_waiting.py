"""Whether the services of a task can send is said before its launch and while it is being sent."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db.models.functions import Now

from campaigns.models import ABTest, Task
from dispatch.admin.waiting import foretold
from dispatch.models import AccountReport, EmailService, Pace
from dispatch.pace import pace_rows
from dispatch.waiting.estimate import estimate_of_launch
from tests.campaigns.admin.staff import (
    CONFIRM,
    MANAGER,
    SUPERUSER,
    address,
    member,
    page_of,
    signed_in,
)
from tests.factories import (
    ContactFactory,
    ContentFactory,
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    TaskFactory,
    UserFactory,
    change,
)

pytestmark = pytest.mark.django_db
NONE_CAN = "None of its email services can send today."
NO_DISPATCHER = "No dispatcher is running"


def frozen(service: EmailService) -> None:
    pace_rows.freeze(service, "The contract ended")


def frozen_for_hours(service: EmailService) -> None:
    Pace.objects.filter(service=service).update(frozen_until=Now() + dt.timedelta(hours=2))


def frozen_for_days(service: EmailService) -> None:
    Pace.objects.filter(service=service).update(
        frozen_until=Now() + dt.timedelta(days=2), freeze_reason="secret words"
    )


def without_quota(service: EmailService) -> None:
    change(service, daily_quota=0)


def due_in_days(service: EmailService) -> None:
    change(service, sending_interval=400_000)
    Pace.objects.filter(service=service).update(next_send_at=Now() + dt.timedelta(days=3))


def not_connected(service: EmailService) -> None:
    service.refresh_from_db()
    AccountReport.objects.create(
        service=service,
        checked_at=Now(),
        connection_changed_at=service.connection_changed_at,
        works=False,
        answer="secret words",
    )


def switched_off(service: EmailService) -> None:
    EmailService.objects.filter(pk=service.pk).update(enabled=False)


def question(task: Task) -> str:
    url = address("campaigns.task", "launch", task.pk)
    return page_of(signed_in(member(SUPERUSER)).get(url))


def draft(*services: EmailService) -> Task:
    owner = UserFactory()
    ContactFactory(owner=owner)
    task: Task = TaskFactory(owner=owner)
    task.services.set(services)
    return task


def page(task: Task, role: str = SUPERUSER) -> str:
    return page_of(signed_in(member(role)).get(address("campaigns.task", "change", task.pk)))


def sending(*services: EmailService, **subtask: Any) -> Task:
    task: Task = SendingTaskFactory()
    task.services.set(services)
    SubTaskFactory(task=task, content=ContentFactory(task=task), **subtask)
    return task


class TestALaunch:
    @pytest.fixture(autouse=True)
    def running(self) -> None:
        DispatcherFactory()

    @pytest.mark.parametrize(
        ("obstacle", "word"),
        [
            (frozen, "Frozen"),
            (frozen_for_days, "Frozen"),
            (without_quota, "daily quota is 0"),
            (due_in_days, "may start at"),
            (not_connected, "No connection"),
            (switched_off, "Disabled"),
        ],
    )
    def test_with_no_service_that_can_send_warns(self, obstacle: Any, word: str) -> None:
        service = EmailServiceFactory(name="Post")
        obstacle(service)
        shown = question(draft(service))
        assert NONE_CAN in shown
        assert "“Post”" in shown and word in shown
        assert "secret words" not in shown

    def test_names_those_that_are_switched_off(self) -> None:
        off, cold = EmailServiceFactory(name="Off"), EmailServiceFactory(name="Cold")
        switched_off(off)
        frozen(cold)
        shown = question(draft(off, cold))
        assert NONE_CAN in shown
        assert "“Off”: Disabled" in shown

    def test_with_a_service_that_can_send_soon_warns_of_nothing(self) -> None:
        late, cold = EmailServiceFactory(), EmailServiceFactory()
        frozen_for_hours(late)
        frozen(cold)
        assert NONE_CAN not in question(draft(late, cold))

    def test_heeds_no_service_that_the_owner_may_not_use(self) -> None:
        cold = EmailServiceFactory()
        frozen(cold)
        EmailServiceFactory().users.add(UserFactory())
        assert NONE_CAN in question(draft())

    @pytest.mark.parametrize("obstacle", [frozen, switched_off])
    def test_that_warns_is_still_asked_about_and_may_go_on(self, obstacle: Any) -> None:
        service = EmailServiceFactory()
        obstacle(service)
        task = draft(service)
        url = address("campaigns.task", "launch", task.pk)
        signed_in(member(SUPERUSER)).post(url, CONFIRM)
        task.refresh_from_db()
        assert task.status == "queued"


def test_a_launch_says_that_no_dispatcher_is_running() -> None:
    task = draft(EmailServiceFactory())
    assert NO_DISPATCHER in question(task)
    DispatcherFactory()
    assert NO_DISPATCHER not in question(task)


class TestATaskThatIsBeingSent:
    @pytest.fixture(autouse=True)
    def running(self) -> None:
        DispatcherFactory()

    @pytest.mark.parametrize(
        ("obstacle", "why"),
        [
            (frozen, "Until a person unfreezes it"),
            (frozen_for_hours, "Frozen"),
            (switched_off, "Staff switched it off"),
            (without_quota, "Its daily quota is 0"),
            (due_in_days, "The next message may start at"),
            (not_connected, "No connection"),
        ],
    )
    def test_says_why_a_service_does_not_send(self, obstacle: Any, why: str) -> None:
        service = EmailServiceFactory(name="Post")
        obstacle(service)
        shown = page(sending(service))
        assert "Post" in shown
        assert why in shown

    def test_takes_no_usual_pace_for_a_wait(self) -> None:
        service = EmailServiceFactory(name="Post", sending_interval=240)
        Pace.objects.filter(service=service).update(next_send_at=Now() + dt.timedelta(minutes=4))
        shown = page(sending(service))
        assert "can start at" not in shown and "may start at" not in shown
        assert "Will be done about" in shown

    def test_says_that_a_quota_is_used_up_and_until_when(self) -> None:
        service = EmailServiceFactory(daily_quota=5)
        Pace.objects.filter(service=service).update(quota_used=5, quota_period_start=Now())
        assert "The quota is used up until" in page(sending(service))

    def test_shows_a_providers_words_to_those_who_run_the_services(self) -> None:
        service = EmailServiceFactory()
        Pace.objects.filter(service=service).update(
            frozen_until=Now() + dt.timedelta(hours=2), freeze_reason="secret words"
        )
        task = sending(service)
        assert "secret words" in page(task, SUPERUSER)
        task.owner = member(MANAGER)
        task.save()
        own = page_of(signed_in(task.owner).get(address("campaigns.task", "change", task.pk)))
        assert "Frozen" in own
        assert "secret words" not in own

    def test_says_when_what_was_refused_for_now_is_tried_again(self) -> None:
        task = sending(EmailServiceFactory(), available_at=Now() + dt.timedelta(hours=1))
        assert "refused for now and is tried again" in page(task)

    def test_says_nothing_of_a_later_try_while_others_may_be_sent(self) -> None:
        task = sending(EmailServiceFactory(), available_at=Now() + dt.timedelta(hours=1))
        SubTaskFactory(task=task)
        assert "tried again" not in page(task)

    def test_is_silent_once_all_is_sent(self) -> None:
        service = EmailServiceFactory(name="Post")
        frozen(service)
        assert "unfreezes it" not in page(sending(service, status="sent", service=service))

    def test_says_that_no_service_is_left(self) -> None:
        service = EmailServiceFactory()
        service.users.add(UserFactory())
        assert "None of its email services is open to its owner" in page(sending(service))


def test_a_task_says_that_no_dispatcher_is_running() -> None:
    assert NO_DISPATCHER in page(sending(EmailServiceFactory()))


def test_a_launch_says_when_it_would_be_done() -> None:
    DispatcherFactory()
    service = EmailServiceFactory(sending_interval=1)
    assert "It is done about" in question(draft(service))
    frozen(service)
    assert "It is done about" not in question(draft(service))


def test_a_task_that_is_being_sent_says_when_it_goes_on_and_ends() -> None:
    DispatcherFactory()
    service = EmailServiceFactory()
    frozen_for_hours(service)
    shown = page(sending(service))
    assert "The next message can start at" in shown
    assert "Will be done about" in shown


def test_a_message_says_why_it_is_not_sent_yet() -> None:
    task = sending(EmailServiceFactory(), available_at=Now() + dt.timedelta(hours=1))
    url = address("campaigns.subtask", "change", task.subtasks.get().pk)
    shown = page_of(signed_in(member(SUPERUSER)).get(url))
    assert "Why it is not sent yet" in shown
    assert "is tried again from" in shown


def test_the_end_that_is_foretold_of_an_ab_test_is_that_of_its_sample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def estimated(task: Task, messages: int) -> Any:
        asked.append(messages)
        return estimate_of_launch(task, messages)

    monkeypatch.setattr("dispatch.admin.waiting.estimate_of_launch", estimated)
    EmailServiceFactory()
    task = TaskFactory()
    assert [label for label, _ in foretold(task, 200)] == ["If launched now"]
    ABTest.objects.create(task=task, sample=30)
    ((label, said),) = foretold(task, 200)
    assert asked == [200, 60]
    assert label == "The sample, if launched now"
    assert said.endswith("The rest waits for the result of the A/B test.")
