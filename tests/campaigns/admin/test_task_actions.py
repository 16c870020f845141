"""Launch, schedule, pause, resume, cancel, clone, retry: asked first, allowed to few, logged."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import SubTask, Suppression, Task, TaskStatus
from campaigns.state import lifecycle
from tests.campaigns.admin.staff import (
    CONFIRM,
    EVERYBODY,
    MANAGER,
    OPERATOR,
    SUPERUSER,
    address,
    entries,
    member,
    numbers_on,
    page_of,
    signed_in,
    texts,
)
from tests.factories import (
    ContactFactory,
    ContentFactory,
    EmailServiceFactory,
    SubTaskFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db

LATER = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
# The status an action starts from, what it makes of it, and who may do it.
LAUNCHERS, CONTROLLERS = {SUPERUSER, MANAGER}, {SUPERUSER, MANAGER, OPERATOR}
ACTIONS = {
    "launch": ("draft", "queued", LAUNCHERS),
    "schedule": ("draft", "scheduled", LAUNCHERS),
    "unschedule": ("scheduled", "draft", LAUNCHERS),
    "pause": ("sending", "paused", CONTROLLERS),
    "resume": ("paused", "sending", CONTROLLERS),
    "cancel": ("sending", "cancelled", CONTROLLERS),
    "retry_failed": ("completed", "sending", CONTROLLERS),
    "clone": ("completed", "completed", LAUNCHERS),
}
REFUSED = [
    (name, role) for name, (_, _, may) in ACTIONS.items() for role in EVERYBODY if role not in may
]


def ready(status: str, owner: Any) -> Task:
    """A task with which nothing is wrong: three contacts, three SubTasks, one of them failed."""
    task = TaskFactory(owner=owner, status=status, name="Spring", scheduled_at=LATER)
    ContactFactory.create_batch(3, owner=owner)
    EmailServiceFactory()
    if status in ("sending", "paused", "completed"):
        content = ContentFactory(task=task)
        SubTaskFactory.create_batch(2, task=task, content=content)
        SubTaskFactory(task=task, content=content, status="failed", failure_reason="rejected")
    return task


def status_of(task: Task) -> str:
    return Task.objects.get(pk=task.pk).status


def form(name: str) -> dict[str, str]:
    at = timezone.localtime() + dt.timedelta(days=1)
    return {**CONFIRM, "at": f"{at:%Y-%m-%dT%H:%M}"} if name == "schedule" else CONFIRM


def url(name: str, task: Any) -> str:
    return address("campaigns.task", name, getattr(task, "pk", task))


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_asks_and_changes_nothing_until_it_is_confirmed(name: str) -> None:
    user = member(MANAGER)
    task = ready(ACTIONS[name][0], user)
    client = signed_in(user)
    for response in (client.get(url(name, task)), client.post(url(name, task))):
        assert response.status_code == 200
        assert 'name="confirmed"' in response.content.decode()
    assert status_of(task) == ACTIONS[name][0]
    assert Task.objects.count() == 1
    assert entries(task) == []


@pytest.mark.parametrize("name", ACTIONS)
def test_a_confirmed_action_is_done_and_said(name: str) -> None:
    user = member(MANAGER)
    task = ready(ACTIONS[name][0], user)
    response = signed_in(user).post(url(name, task), form(name), follow=True)
    assert response.status_code == 200
    assert status_of(task) == ACTIONS[name][1]
    assert "Spring" in texts(response)


@pytest.mark.parametrize("name", [name for name in ACTIONS if name != "clone"])
def test_the_history_says_who_did_it(name: str) -> None:
    user = member(MANAGER)
    task = ready(ACTIONS[name][0], user)
    client = signed_in(user)
    client.post(url(name, task), form(name))
    [(who, what)] = entries(task)
    assert who == user.username
    assert what in page_of(client.get(url("history", task)))


@pytest.mark.parametrize(("name", "role"), REFUSED)
def test_an_action_is_refused_to_whoever_may_not_do_it(name: str, role: str) -> None:
    user = member(role)
    task = ready(ACTIONS[name][0], user)
    client = signed_in(user)
    assert client.get(url(name, task)).status_code == 403
    assert client.post(url(name, task), form(name)).status_code == 403
    assert status_of(task) == ACTIONS[name][0]
    assert Task.objects.count() == 1


@pytest.mark.parametrize("name", ACTIONS)
def test_a_task_of_somebody_else_is_not_found(name: str) -> None:
    task = ready(ACTIONS[name][0], member(MANAGER))
    client = signed_in(member(MANAGER))
    assert client.get(url(name, task)).status_code == 404
    assert client.post(url(name, task), form(name)).status_code == 404
    assert status_of(task) == ACTIONS[name][0]
    assert Task.objects.count() == 1


@pytest.mark.parametrize("name", [n for n, (_, _, may) in ACTIONS.items() if OPERATOR in may])
def test_an_operator_steers_the_tasks_of_everybody(name: str) -> None:
    task = ready(ACTIONS[name][0], member(MANAGER))
    signed_in(member(OPERATOR)).post(url(name, task), form(name))
    assert status_of(task) == ACTIONS[name][1]


@pytest.mark.parametrize("name", ACTIONS)
def test_odd_keys_are_not_found(name: str) -> None:
    client = signed_in(member(SUPERUSER))
    for key in ("0", "x", "99999999999999999999999", "%00", "1/2"):
        path = url(name, 1).replace("/1/", f"/{key}/")
        assert client.get(path).status_code == 404, key
        assert client.post(path, CONFIRM).status_code == 404, key


@pytest.mark.parametrize(
    ("name", "status"),
    [("launch", "sending"), ("schedule", "cancelled"), ("unschedule", "draft"), ("pause", "draft"),
     ("resume", "sending"), ("cancel", "completed"), ("retry_failed", "cancelled")],
)  # fmt: skip
def test_what_a_tasks_status_does_not_allow_is_explained(name: str, status: str) -> None:
    user = member(MANAGER)
    task = ready(status, user)
    client = signed_in(user)
    for response in (
        client.get(url(name, task), follow=True),
        client.post(url(name, task), form(name), follow=True),
    ):
        said = "a draft" if status == "draft" else TaskStatus(status).label.lower()
        assert f"“Spring” is {said} and cannot be " in texts(response)
    assert status_of(task) == status
    assert entries(task) == []


@pytest.mark.parametrize("name", ["launch", "schedule"])
def test_the_question_counts_the_chosen_recipients_that_lack_a_variable(name: str) -> None:
    user = member(MANAGER)
    task = ready("draft", user)
    task.templates.update(subject="{{ company }}", text="{{ first_nam }}")
    ContactFactory(owner=user, attributes={"company": "Ltd", "first_name": "Ada"})
    ContactFactory(owner=user, attributes={"first_nam": "unmailed"}, email="gone@example.com")
    Suppression.objects.create(email="gone@example.com")
    page = page_of(signed_in(user).get(url(name, task)))
    assert "{{ company }}</dt> <dd" in page
    assert "empty for 3 of 4" in page
    assert "{{ first_nam }} is empty for all 4 contacts" in page
    assert "{{ company }} is empty for all" not in page


def test_launching_twice_launches_once() -> None:
    user = member(MANAGER)
    task = ready("draft", user)
    client = signed_in(user)
    client.post(url("launch", task), CONFIRM)
    response = client.post(url("launch", task), CONFIRM, follow=True)
    assert "is launching and cannot be launched" in texts(response)
    assert len(entries(task)) == 1


def test_a_task_that_changes_behind_the_page_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another member of staff was faster, after the page had looked at the status."""
    user = member(MANAGER)
    task = ready("sending", user)
    pause = lifecycle.pause

    def too_late(task: Task, reason: str = "") -> None:
        Task.objects.filter(pk=task.pk).update(status="completed")
        pause(task, reason)

    monkeypatch.setattr(lifecycle, "pause", too_late)
    response = signed_in(user).post(url("pause", task), CONFIRM, follow=True)
    assert "is completed and cannot be paused" in texts(response)
    assert entries(task) == []


class TestTheQuestion:
    @pytest.fixture
    def user(self) -> Any:
        return member(MANAGER)

    def ask(self, user: Any, name: str, task: Task) -> str:
        return page_of(signed_in(user).get(url(name, task)))

    def test_of_a_launch_tells_to_how_many_and_who_is_left_out(self, user: Any) -> None:
        task = ready("draft", user)
        suppressed = ContactFactory(owner=user)
        Suppression.objects.create(email=suppressed.email)
        page = self.ask(user, "launch", task)
        assert "Sending to 3 recipients starts at once." in page
        assert "Launch to 3 recipients" in page
        assert "<dt>Contacts in it</dt>" in page
        assert numbers_on(page) == {"Will be sent": "3", "The address is suppressed": "1"}

    def test_of_a_launch_tells_what_is_sent(self, user: Any) -> None:
        task = ready("draft", user)
        template = task.templates.get()
        page = self.ask(user, "launch", task)
        assert "Example News &lt;news@…&gt;" in page
        assert f">{template}</dd>" in page
        assert f"all contacts of {user}" in page

    def test_of_a_launch_says_the_subject_in_words(self, user: Any) -> None:
        task = ready("draft", user)
        task.templates.update(subject="{{ first_name | default: 'friend' }}, it is spring")
        assert ">[first name], it is spring</dd>" in self.ask(user, "launch", task)

    def test_of_a_launch_that_cannot_be_says_why_and_offers_no_button(self, user: Any) -> None:
        task = TaskFactory(owner=user, sender=None)
        page = self.ask(user, "launch", task)
        assert "It has no sender." in page
        assert "None of its email services is open to its owner." in page
        assert "Its audience is empty" in page
        assert 'name="confirmed"' not in page

    def test_of_a_schedule_tells_to_how_many_and_in_which_zone(self, user: Any) -> None:
        page = self.ask(user, "schedule", ready("draft", user))
        assert "now that would be 3 recipients" in page
        assert "In the time zone UTC" in page

    def test_of_a_pause_tells_how_many_wait(self, user: Any) -> None:
        page = self.ask(user, "pause", ready("sending", user))
        assert "2 messages not sent yet will wait until you resume it" in page

    def test_of_a_resume_tells_how_many_are_left(self, user: Any) -> None:
        page = self.ask(user, "resume", ready("paused", user))
        assert "Sending goes on with the 2 messages still to be sent" in page

    def test_of_a_cancel_tells_how_many_are_never_sent(self, user: Any) -> None:
        page = self.ask(user, "cancel", ready("sending", user))
        assert "2 messages not handed over yet will never be sent" in page

    def test_of_a_cancel_before_the_launch_says_that_nobody_gets_a_message(self, user: Any) -> None:
        assert "no messages are sent" in self.ask(user, "cancel", ready("scheduled", user))
        assert "no messages are sent" in self.ask(user, "cancel", ready("queued", user))

    def test_of_a_retry_tells_how_many_and_how_many_not(self, user: Any) -> None:
        task = ready("completed", user)
        bounced = SubTaskFactory(
            task=task, content=task.contents.get(), status="failed", failure_reason="rejected"
        )
        Suppression.objects.create(email=bounced.recipient_email, reason="hard_bounce")
        page = self.ask(user, "retry_failed", task)
        assert "1 failed message will be sent again. Left out: 1 bounced for good." in page
        assert "Retry 1 message" in page

    def test_of_a_retry_of_nothing_offers_no_button(self, user: Any) -> None:
        task = ready("completed", user)
        for failed in SubTask.objects.filter(task=task, status="failed"):
            Suppression.objects.create(email=failed.recipient_email)
        page = self.ask(user, "retry_failed", task)
        assert "None of them can be sent again. Left out: 1 on the suppression list." in page
        assert 'name="confirmed"' not in page

    def test_names_are_text_and_nothing_else(self, user: Any) -> None:
        task = ready("draft", user)
        Task.objects.filter(pk=task.pk).update(name="<script>alert(1)</script>")
        assert "<script>alert(1)" not in self.ask(user, "launch", task)


class TestTheEffect:
    @pytest.fixture
    def user(self) -> Any:
        return member(MANAGER)

    def do(self, user: Any, name: str, task: Task, **fields: str) -> Any:
        return signed_in(user).post(url(name, task), {**form(name), **fields}, follow=True)

    def test_a_launch_that_cannot_be_leaves_a_draft_and_says_why(self, user: Any) -> None:
        task = TaskFactory(owner=user, sender=None)
        assert "It has no sender." in texts(self.do(user, "launch", task))
        assert status_of(task) == "draft"

    def test_a_schedule_keeps_the_time(self, user: Any) -> None:
        task = ready("draft", user)
        self.do(user, "schedule", task, at="2027-05-06T07:08")
        assert Task.objects.get().scheduled_at == dt.datetime(2027, 5, 6, 7, 8, tzinfo=dt.UTC)
        assert entries(task) == [(user.username, "Scheduled for 6 May 2027, 07:08 UTC.")]

    @pytest.mark.parametrize(
        ("at", "problem"),
        [
            ("", "This field is required"),
            ("tomorrow", "Enter a valid date/time"),
            ("2001-01-01T00:00", "still to come"),
            ("9999-12-31T23:59", "within the next two years"),
            ("\x00", "Enter a valid date/time"),
        ],
    )
    def test_a_bad_time_is_explained(self, user: Any, at: str, problem: str) -> None:
        task = ready("draft", user)
        assert problem in page_of(self.do(user, "schedule", task, at=at))
        assert status_of(task) == "draft"

    def test_the_reason_of_a_pause_is_kept_and_shown(self, user: Any) -> None:
        task = ready("sending", user)
        page = page_of(self.do(user, "pause", task, reason="Wrong price"))
        assert Task.objects.get().note == "Wrong price"
        assert page.count("Wrong price") == 3  # the message, the note on the task, who did what
        assert entries(task) == [(user.username, "Paused. Wrong price")]

    def test_an_endless_reason_is_refused(self, user: Any) -> None:
        task = ready("sending", user)
        assert "at most 500 characters" in page_of(self.do(user, "pause", task, reason="x" * 501))
        assert status_of(task) == "sending"

    def test_a_cancel_fails_what_is_left(self, user: Any) -> None:
        task = ready("sending", user)
        self.do(user, "cancel", task)
        assert SubTask.objects.filter(failure_reason="cancelled").count() == 2

    def test_a_retry_says_what_it_did(self, user: Any) -> None:
        task = ready("completed", user)
        response = self.do(user, "retry_failed", task)
        assert "1 failed message will be sent again." in texts(response)
        assert SubTask.objects.filter(status="pending").count() == 3

    def test_a_clone_is_a_new_draft_with_a_history_of_its_own(self, user: Any) -> None:
        task = ready("completed", user)
        response = self.do(user, "clone", task)
        copy = Task.objects.exclude(pk=task.pk).get()
        assert (copy.status, copy.name, copy.owner) == ("draft", "Copy of Spring", user)
        assert response.redirect_chain[-1][0] == url("step_audience", copy)
        assert entries(copy) == [(user.username, f"Cloned from campaign {task.pk}, “Spring”.")]


class TestTheButtons:
    @pytest.mark.parametrize(
        ("status", "buttons"),
        [
            ("draft", {"launch", "schedule", "clone"}),
            ("scheduled", {"launch", "schedule", "unschedule", "clone", "cancel"}),
            ("queued", {"clone", "cancel"}),
            ("sending", {"pause", "retry_failed", "clone", "cancel"}),
            ("paused", {"resume", "retry_failed", "clone", "cancel"}),
            ("completed", {"retry_failed", "clone"}),
            ("cancelled", {"clone"}),
        ],
    )
    def test_are_those_that_the_status_allows(self, status: str, buttons: set[str]) -> None:
        user = member(MANAGER)
        task = ready(status, user)
        page = signed_in(user).get(url("change", task)).content.decode()
        assert {name for name in ACTIONS if f'href="{url(name, task)}"' in page} == buttons

    def test_are_none_for_whoever_may_only_look(self) -> None:
        task = ready("sending", member(MANAGER))
        page = signed_in(member("viewer")).get(url("change", task)).content.decode()
        assert not any(f'href="{url(name, task)}"' in page for name in ACTIONS)

    def test_do_not_offer_to_retry_when_nothing_failed(self) -> None:
        user = member(MANAGER)
        task = ready("completed", user)
        SubTask.objects.filter(status="failed").delete()
        page = signed_in(user).get(url("change", task)).content.decode()
        assert url("retry_failed", task) not in page
