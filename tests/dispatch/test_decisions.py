from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from campaigns.models import SubTask, Task
from dispatch.decisions import decide
from dispatch.models import Decision, DecisionChoice
from tests.concurrency import run_together
from tests.factories import (
    DispatcherFactory,
    EmailServiceFactory,
    SubTaskFactory,
    UserFactory,
    held,
    in_doubt,
)

pytestmark = pytest.mark.django_db

EACH = [
    (DecisionChoice.WAS_SENT, "sent"),
    (DecisionChoice.SEND_AGAIN, "pending"),
    (DecisionChoice.GIVE_UP, "failed"),
]


@pytest.fixture
def user() -> User:
    return UserFactory()


@pytest.fixture
def subtask() -> SubTask:
    return in_doubt(EmailServiceFactory())


@pytest.mark.parametrize(("choice", "status"), EACH)
def test_a_choice_settles_the_doubt(
    user: User, subtask: SubTask, choice: DecisionChoice, status: str
) -> None:
    assert decide([subtask.pk], choice, user) == [subtask.pk]
    subtask.refresh_from_db()
    assert (subtask.status, subtask.in_doubt_since, subtask.claim_token) == (status, None, None)


@pytest.mark.parametrize("choice", DecisionChoice)
def test_who_chose_what_and_when_is_recorded(
    user: User, subtask: SubTask, choice: DecisionChoice
) -> None:
    decide([subtask.pk], choice, user)
    decision = Decision.objects.get()
    assert (decision.subtask, decision.user, decision.choice) == (subtask, user, choice)
    assert decision.decided_at is not None


@pytest.mark.parametrize("choice", DecisionChoice)
def test_what_is_not_in_doubt_is_left_alone_and_nothing_recorded(
    user: User, choice: DecisionChoice
) -> None:
    sending = held("sending", DispatcherFactory(), EmailServiceFactory())
    pending = SubTaskFactory()
    assert decide([sending.pk, pending.pk], choice, user) == []
    assert not Decision.objects.exists()
    assert SubTask.objects.get(pk=sending.pk).status == "sending"


def test_a_doubt_is_settled_once(user: User, subtask: SubTask) -> None:
    decide([subtask.pk], DecisionChoice.WAS_SENT, user)
    assert decide([subtask.pk], DecisionChoice.SEND_AGAIN, user) == []
    assert SubTask.objects.get().status == "sent"
    assert Decision.objects.count() == 1


def test_only_the_subtasks_asked_for_are_settled(user: User, subtask: SubTask) -> None:
    other = in_doubt(EmailServiceFactory())
    decide([subtask.pk], DecisionChoice.GIVE_UP, user)
    assert SubTask.objects.get(pk=other.pk).in_doubt_since is not None


def test_one_that_is_given_up_fails_as_discarded(user: User, subtask: SubTask) -> None:
    decide([subtask.pk], DecisionChoice.GIVE_UP, user)
    assert SubTask.objects.get().failure_reason == "discarded"


def test_sending_again_leaves_a_paused_task_paused(user: User, subtask: SubTask) -> None:
    Task.objects.update(status="paused")
    decide([subtask.pk], DecisionChoice.SEND_AGAIN, user)
    assert Task.objects.get().status == "paused"


def test_sending_again_reopens_a_completed_task(user: User, subtask: SubTask) -> None:
    Task.objects.update(status="completed")
    decide([subtask.pk], DecisionChoice.SEND_AGAIN, user)
    assert Task.objects.get().status == "sending"


@pytest.mark.parametrize("choice", [DecisionChoice.WAS_SENT, DecisionChoice.GIVE_UP])
def test_any_other_choice_leaves_a_completed_task_completed(
    user: User, subtask: SubTask, choice: DecisionChoice
) -> None:
    Task.objects.update(status="completed")
    decide([subtask.pk], choice, user)
    assert Task.objects.get().status == "completed"


def test_deciding_about_nothing_is_harmless(user: User) -> None:
    assert decide([], DecisionChoice.GIVE_UP, user) == []


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_decide_at_once_one_is_heard(subtask: SubTask) -> None:
    ada, bob = UserFactory(), UserFactory()
    settled = run_together(
        lambda: decide([subtask.pk], DecisionChoice.SEND_AGAIN, ada),
        lambda: decide([subtask.pk], DecisionChoice.WAS_SENT, bob),
    )
    assert sorted(settled) == [[], [subtask.pk]]
    assert Decision.objects.count() == 1
