"""SubTasks: their story told; retried and decided on, many or one."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db.models.functions import Now

from campaigns.models import SubTask, SubTaskStatus, Suppression, Task
from dispatch.models import Attempt, Decision
from tests.campaigns.admin.staff import (
    CONFIRM,
    EVERYBODY,
    MANAGER,
    NOBODY,
    OPERATOR,
    SUPERUSER,
    VIEWER,
    address,
    entries,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.factories import (
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    held,
    in_doubt,
)

pytestmark = pytest.mark.django_db

LIST = address("campaigns.subtask", "changelist")
MANY = ("retry_failed_subtasks", "was_sent", "send_again", "give_up")
ONE = {
    "retry_this": "retry_failed_subtasks",
    "was_sent_this": "was_sent",
    "send_again_this": "send_again",
    "give_up_this": "give_up",
}
BECOMES = {
    "retry_failed_subtasks": "pending",
    "was_sent": "sent",
    "send_again": "pending",
    "give_up": "failed",
}
ENTRY = {
    "retry_failed_subtasks": "Tried again.",
    "was_sent": "Decided: It was sent.",
    "send_again": "Decided: Send again, may duplicate.",
    "give_up": "Decided: Give up.",
}
DOERS = {SUPERUSER, MANAGER, OPERATOR}


def ready(action: str, owner: Any) -> SubTask:
    """A SubTask on which the action can be taken."""
    task = SendingTaskFactory(owner=owner)
    if action == "retry_failed_subtasks":
        subtask: SubTask = SubTaskFactory(task=task, status="failed", failure_reason="rejected")
        return subtask
    return in_doubt(EmailServiceFactory(), task=task)


def state(subtask: SubTask) -> tuple[str, bool]:
    subtask = SubTask.objects.get(pk=subtask.pk)
    return subtask.status, subtask.in_doubt_since is not None


def url(page: str, subtask: Any) -> str:
    return address("campaigns.subtask", page, getattr(subtask, "pk", subtask))


def run(user: Any, action: str, *subtasks: SubTask, query: str = "", **fields: str) -> Any:
    selected = [subtask.pk for subtask in subtasks]
    form = {"action": action, "_selected_action": selected, "select_across": "0", **fields}
    return signed_in(user).post(LIST + query, form, follow=True)


class TestManyAtOnce:
    @pytest.mark.parametrize("action", MANY)
    def test_are_asked_first_and_left_alone_until_it_is_confirmed(self, action: str) -> None:
        user = member(MANAGER)
        subtask = ready(action, user)
        before = state(subtask)
        page = page_of(run(user, action, subtask))
        assert 'name="confirmed"' in page
        assert f'<input type="hidden" name="_selected_action" value="{subtask.pk}">' in page
        assert state(subtask) == before
        assert entries(subtask) == []

    @pytest.mark.parametrize("action", MANY)
    def test_are_done_said_and_logged_once_confirmed(self, action: str) -> None:
        user = member(MANAGER)
        subtask = ready(action, user)
        response = run(user, action, subtask, **CONFIRM)
        assert state(subtask) == (BECOMES[action], False)
        assert "1 " in texts(response)
        assert entries(subtask) == [(user.username, ENTRY[action])]

    @pytest.mark.parametrize("action", MANY)
    @pytest.mark.parametrize("role", [VIEWER, NOBODY])
    def test_are_left_alone_by_whoever_may_not(self, action: str, role: str) -> None:
        user = member(role)
        subtask = ready(action, user)
        before = state(subtask)
        status = 403 if role == NOBODY else 200
        for fields in ({}, CONFIRM):
            page = page_of(run(user, action, subtask, **fields), status)
            assert 'name="confirmed"' not in page
        assert state(subtask) == before

    @pytest.mark.parametrize("action", MANY)
    def test_include_no_foreign_row(self, action: str) -> None:
        user = member(MANAGER)
        own, foreign = ready(action, user), ready(action, member(MANAGER))
        before = state(foreign)
        run(user, action, own, foreign, **CONFIRM)
        assert state(foreign) == before
        assert state(own) == (BECOMES[action], False)

    @pytest.mark.parametrize("action", MANY)
    def test_an_operator_does_it_for_everybody(self, action: str) -> None:
        subtask = ready(action, member(MANAGER))
        run(member(OPERATOR), action, subtask, **CONFIRM)
        assert state(subtask) == (BECOMES[action], False)

    @pytest.mark.parametrize("action", MANY)
    def test_with_nothing_to_do_offer_no_button(self, action: str) -> None:
        user = member(MANAGER)
        subtask = SubTaskFactory(task__owner=user)
        page = page_of(run(user, action, subtask))
        assert "This cannot be done now" in page
        assert 'name="confirmed"' not in page

    def test_of_which_one_was_settled_meanwhile_log_only_their_own_doing(self) -> None:
        user = member(MANAGER)
        subtask = ready("was_sent", user)
        run(user, "was_sent", subtask, **CONFIRM)
        response = run(member(OPERATOR), "give_up", subtask, **CONFIRM)
        assert "Nothing was changed: what was selected is not in doubt any more" in texts(response)
        assert len(entries(subtask)) == 1

    @pytest.mark.parametrize("selected", [[], ["x"], ["\x00"], ["99999999999999999999999"]])
    def test_odd_selections_change_nothing(self, selected: list[str]) -> None:
        user = member(SUPERUSER)
        subtask = ready("retry_failed_subtasks", user)
        form = {"action": "retry_failed_subtasks", "_selected_action": selected, **CONFIRM}
        for more in ({}, {"index": "0"}, {"index": "x"}):
            response = signed_in(user).post(LIST, {**form, **more}, follow=True)
            assert response.status_code == 200
        assert state(subtask) == ("failed", False)

    def test_an_unknown_action_changes_nothing(self) -> None:
        user = member(SUPERUSER)
        subtask = ready("retry_failed_subtasks", user)
        assert "No action selected" in texts(run(user, "explode", subtask, **CONFIRM))
        run(user, "delete_selected", subtask, post="yes")
        assert SubTask.objects.exists()

    def test_a_retry_tells_how_many_and_how_many_not(self) -> None:
        user = member(MANAGER)
        subtasks = [ready("retry_failed_subtasks", user) for _ in range(4)]
        Suppression.objects.create(email=subtasks[0].recipient_email, reason="hard_bounce")
        Suppression.objects.create(email=subtasks[1].recipient_email, reason="unsubscribed")
        sent = SubTaskFactory(task__owner=user, status="sent", service=EmailServiceFactory())
        said = (
            "2 failed messages will be sent again. "
            "Left out: 1 on the suppression list, 1 bounced for good, 1 not failed."
        )
        page = page_of(run(user, "retry_failed_subtasks", *subtasks, sent))
        assert said in page
        assert "Retry 2 messages" in page
        assert said in texts(run(user, "retry_failed_subtasks", *subtasks, sent, **CONFIRM))
        assert SubTask.objects.filter(status="pending").count() == 2

    def test_a_decision_tells_how_many_and_what_it_means(self) -> None:
        user = member(MANAGER)
        unsettled = [ready("send_again", user) for _ in range(2)]
        page = page_of(run(user, "send_again", *unsettled, SubTaskFactory(task__owner=user)))
        assert "2 messages in doubt. Each is sent again;" in page
        assert "Your choice is recorded with your name." in page

    def test_a_decision_tells_what_becomes_of_cancelled_tasks(self) -> None:
        user = member(MANAGER)
        subtask = ready("send_again", user)
        Task.objects.update(status="cancelled")
        assert "1: their campaign is cancelled, they fail" in page_of(
            run(user, "send_again", subtask)
        )

    def test_a_decision_is_recorded_with_its_person(self) -> None:
        user = member(MANAGER)
        subtask = ready("give_up", user)
        run(user, "give_up", subtask, **CONFIRM)
        decision = Decision.objects.get()
        assert (decision.subtask, decision.user, decision.choice) == (subtask, user, "give_up")


class TestOneOnItsPage:
    @pytest.mark.parametrize("name", ONE)
    def test_is_asked_about_first_then_done_said_and_logged(self, name: str) -> None:
        user, action = member(MANAGER), ONE[name]
        subtask = ready(action, user)
        before = state(subtask)
        client = signed_in(user)
        for asked in (client.get(url(name, subtask)), client.post(url(name, subtask))):
            assert 'name="confirmed"' in page_of(asked)
        assert state(subtask) == before
        response = client.post(url(name, subtask), CONFIRM, follow=True)
        assert state(subtask) == (BECOMES[action], False)
        assert "1 " in texts(response)
        assert entries(subtask) == [(user.username, ENTRY[action])]

    @pytest.mark.parametrize("name", ONE)
    @pytest.mark.parametrize("role", [role for role in EVERYBODY if role not in DOERS])
    def test_is_refused_to_whoever_may_not(self, name: str, role: str) -> None:
        user = member(role)
        subtask = ready(ONE[name], user)
        before = state(subtask)
        client = signed_in(user)
        assert client.get(url(name, subtask)).status_code == 403
        assert client.post(url(name, subtask), CONFIRM).status_code == 403
        assert state(subtask) == before

    @pytest.mark.parametrize("name", ONE)
    def test_of_somebody_else_is_not_found(self, name: str) -> None:
        subtask = ready(ONE[name], member(MANAGER))
        before = state(subtask)
        client = signed_in(member(MANAGER))
        assert client.get(url(name, subtask)).status_code == 404
        assert client.post(url(name, subtask), CONFIRM).status_code == 404
        assert state(subtask) == before

    def test_of_an_odd_key_is_not_found(self) -> None:
        client = signed_in(member(SUPERUSER))
        for key in ("0", "x", "99999999999999999999999", "%00"):
            path = url("retry_this", 1).replace("/1/", f"/{key}/")
            assert client.get(path).status_code == 404, key

    def test_offers_what_its_state_allows(self) -> None:
        user = member(MANAGER)
        client = signed_in(user)
        for subtask, offered in (
            (ready("retry_failed_subtasks", user), {"retry_this"}),
            (ready("was_sent", user), set(ONE) - {"retry_this"}),
            (SubTaskFactory(task__owner=user), set()),
        ):
            page = page_of(client.get(url("change", subtask)))
            assert {name for name in ONE if f'href="{url(name, subtask)}"' in page} == offered

    def test_cannot_be_edited_or_deleted(self) -> None:
        subtask = SubTaskFactory()
        client = signed_in(member(SUPERUSER))
        assert client.post(url("change", subtask), {"status": "sent"}).status_code == 403
        assert client.post(url("delete", subtask), {"post": "yes"}).status_code == 403
        assert client.get(address("campaigns.subtask", "add")).status_code == 403

    def test_tells_its_story_in_order(self) -> None:
        user = member(MANAGER, username="mia")
        subtask = ready("give_up", user)
        service = EmailServiceFactory(name="North")
        Attempt.objects.create(
            subtask=subtask, service=service, dispatcher_id=1, claim_token=uuid.uuid4(),
            slot_at=Now(), started_at=Now(), outcome="unknown", reply="<lost>",
        )  # fmt: skip
        run(user, "give_up", subtask, **CONFIRM)
        response = signed_in(user).get(url("change", subtask))
        rows = response.context["story"]["rows"]
        assert [row[1] for row in rows] == [
            "Made by the launch",
            "Handed over: unknown: no reply came back",
            "Failed",
            "Decided: give up",
        ]
        assert [row[2] for row in rows] == ["", "North", "", "mia"]
        assert "&lt;lost&gt;" in page_of(response)

    def test_shows_values_in_any_language(self) -> None:
        subtask = SubTaskFactory(variables={"name": "Åsa", "note": "<b>"})
        page = page_of(signed_in(member(VIEWER)).get(url("change", subtask)))
        assert "Åsa" in page
        assert "&lt;b&gt;" in page

    def test_shows_no_token_of_a_claim(self) -> None:
        subtask = held(SubTaskStatus.SENDING, DispatcherFactory(), EmailServiceFactory())
        page = page_of(signed_in(member(SUPERUSER)).get(url("change", subtask)))
        assert subtask.claim_token and str(subtask.claim_token) not in page
