"""A/B tests in admin: the form, the question before the launch, the result, the decision."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from campaigns.ab_tests import deciding
from campaigns.models import ABTest, Task, TaskTemplate
from tests.campaigns.ab_tests.making import (
    click,
    collecting,
    contents,
    launched,
    pass_time,
    planned,
    test_of,
)
from tests.campaigns.admin.staff import (
    CONFIRM,
    MANAGER,
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
from tests.factories import EmailServiceFactory

pytestmark = pytest.mark.django_db

SETTINGS = {
    "sample": "10",
    "sample_unit": "percent",
    "measure": "clicks",
    "link": "",
    "decide_after": "7200",
    "threshold": "0.95",
    "ends_early": "on",
    "otherwise": "ask",
}


@pytest.fixture
def client() -> Client:
    return signed_in(member(SUPERUSER))


def saved(client: Client, task: Task, **settings: str) -> Any:
    """The campaign's form is sent with these settings, and a second subject for its template."""
    [choice] = TaskTemplate.objects.filter(task=task)
    rows: dict[str, Any] = {
        "tasktemplate_set-TOTAL_FORMS": 2,
        "tasktemplate_set-INITIAL_FORMS": 1,
        "tasktemplate_set-0-id": choice.pk,
        "tasktemplate_set-0-task": task.pk,
        "tasktemplate_set-0-template": choice.template_id,
        "tasktemplate_set-0-weight": 1,
        "tasktemplate_set-1-task": task.pk,
        "tasktemplate_set-1-template": choice.template_id,
        "tasktemplate_set-1-weight": 1,
        "tasktemplate_set-1-subject": "Another subject",
        "ab_test-TOTAL_FORMS": 1,
        "ab_test-INITIAL_FORMS": 0,
        "ab_test-0-task": task.pk,
        **{f"ab_test-0-{name}": value for name, value in {**SETTINGS, **settings}.items()},
    }
    basics = {
        "owner": task.owner_id,
        "name": task.name,
        "sender": task.sender_id,
        "priority": 0,
        "audience": "all",
        "track_clicks": "on",
    }
    url = address("campaigns.task", "change", task.pk)
    return client.post(url, {**basics, **rows})


def draft() -> Task:
    task = planned(200, variants=1, status="draft")
    ABTest.objects.all().delete()
    EmailServiceFactory()
    return task


def test_a_test_and_two_subjects_of_one_template_are_saved(client: Client) -> None:
    task = draft()
    assert saved(client, task).status_code == 302
    test = test_of(task)
    assert (test.sample, test.decide_after.total_seconds(), test.otherwise) == (10, 7200, "ask")
    subjects = TaskTemplate.objects.filter(task=task).order_by("pk")
    assert list(subjects.values_list("subject", flat=True)) == ["", "Another subject"]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"sample": "101"}, "A sample is 100 % of the recipients at most."),
        ({"sample": "0"}, "greater than or equal to 1"),
        ({"measure": "link"}, "Enter the link that decides"),
        ({"decide_after": "1"}, "Select a valid choice"),
        ({"threshold": "0.2"}, "Select a valid choice"),
    ],
)
def test_what_is_wrong_with_the_settings_is_said(
    client: Client, settings: dict[str, str], problem: str
) -> None:
    task = draft()
    assert problem in page_of(saved(client, task, **settings))
    assert not ABTest.objects.exists()


def test_the_launch_question_shows_sample_and_rest(client: Client) -> None:
    task = planned(200, status="draft", sample=30)
    EmailServiceFactory()
    page = page_of(client.get(address("campaigns.task", "launch", task.pk)))
    assert "a sample of 60 of 200 recipients starts at once" in page
    assert "60 get the variants, at least 20 each, and 140 wait for the result" in page
    assert "The sample of the A/B test is small." in page


def test_the_launch_question_names_what_is_missing(client: Client) -> None:
    task = planned(20, variants=1, status="draft")
    EmailServiceFactory()
    page = page_of(client.get(address("campaigns.task", "launch", task.pk)))
    assert "Its A/B test needs 2 to 5 variants, and it has 1" in page


def test_the_page_says_how_many_wait(client: Client) -> None:
    task = launched(100, sample=30)
    page = page_of(client.get(address("campaigns.task", "progress", task.pk)))
    assert "30 recipients of the sample get the variants; 70 wait for the result." in page


def test_the_page_shows_each_variant(client: Client) -> None:
    task = collecting(300, sample=50)
    click(task, 2, 16)
    pass_time(task)
    deciding.look_at_tests()
    page = page_of(client.get(address("campaigns.task", "progress", task.pk)))
    assert "C “Third subject” <strong>(sent to the rest)</strong>" in page
    assert "32.0 %" in page
    assert "20.8 % to 45.8 %" in page
    assert "C “Third subject” is better, with a probability of over 99.9 %." in page


def test_without_a_difference_the_page_says_so(client: Client) -> None:
    task = collecting(300, sample=50)
    pass_time(task)
    deciding.look_at_tests()
    page = page_of(client.get(address("campaigns.task", "progress", task.pk)))
    assert "No difference found: the results are so close that chance alone explains them." in page


def decision_page(task: Task) -> str:
    return address("campaigns.task", "decide_test", task.pk)


def test_a_question_comes_before_the_decision(client: Client) -> None:
    task = launched(100, sample=30)
    page = page_of(client.get(decision_page(task)))
    assert "70 recipients wait." in page
    assert test_of(task).state == "collecting"


@pytest.mark.parametrize(
    ("decision", "state", "verdict", "said"),
    [
        ("B", "releasing", "chosen", "Variant B “Second subject” is sent to the rest."),
        ("split", "releasing", "split", "Every variant is sent to an equal part of the rest."),
        ("wait", "collecting", "", "The A/B test waits on, until "),
    ],
)
def test_a_person_decides(decision: str, state: str, verdict: str, said: str) -> None:
    task = collecting(100, sample=30)
    user = member(MANAGER)
    Task.objects.filter(pk=task.pk).update(owner=user)
    answer = {**CONFIRM, "decision": decision}
    response = signed_in(user).post(decision_page(task), answer, follow=True)
    assert said in texts(response)
    assert (test_of(task).state, test_of(task).verdict) == (state, verdict)
    assert [who for who, what in entries(task) if said in what] == [user.username]


@pytest.mark.parametrize("role", [OPERATOR, VIEWER])
def test_who_may_not_launch_may_not_decide(role: str) -> None:
    task = launched(100, sample=30)
    answer = {**CONFIRM, "decision": "B"}
    assert signed_in(member(role)).post(decision_page(task), answer).status_code in (403, 404)
    assert test_of(task).state == "collecting"


def test_a_stranger_finds_no_test() -> None:
    task = launched(100, sample=30)
    answer = {**CONFIRM, "decision": "B"}
    assert signed_in(member(MANAGER)).post(decision_page(task), answer).status_code == 404
    assert test_of(task).state == "collecting"


def test_an_unknown_variant_is_refused(client: Client) -> None:
    task = launched(100, sample=30)
    page = page_of(client.post(decision_page(task), {**CONFIRM, "decision": "E"}))
    assert "Select a valid choice" in page
    assert test_of(task).state == "collecting"


def test_the_numbers_are_those_on_which_it_was_decided(client: Client) -> None:
    task = collecting(100, sample=30)
    still = "The sample is still being sent"
    assert still not in page_of(client.get(decision_page(task)))
    ABTest.objects.update(decide_at=None)
    assert still in page_of(client.get(decision_page(task)))
    whole = address("campaigns.task", "change", task.pk)
    assert "In the sample, as of" in page_of(client.get(whole))
    client.post(decision_page(task), {**CONFIRM, "decision": "B"})
    assert "In the sample, when it was decided: " in page_of(client.get(whole))


def test_what_is_decided_cannot_be_decided_again(client: Client) -> None:
    task = launched(100, sample=30)
    answer = {**CONFIRM, "decision": "B"}
    client.post(decision_page(task), answer)
    response = client.post(decision_page(task), {**answer, "decision": "C"}, follow=True)
    assert "There is no test to decide" in texts(response)
    assert test_of(task).winner_id == contents(task)[1]


def test_a_clone_has_the_same_test(client: Client) -> None:
    task = launched(100, sample=30)
    client.post(address("campaigns.task", "clone", task.pk), CONFIRM)
    copy = Task.objects.exclude(pk=task.pk).get()
    assert (test_of(copy).sample, test_of(copy).state) == (30, "planned")
    subjects = TaskTemplate.objects.filter(task=copy).order_by("pk")
    assert list(subjects.values_list("subject", flat=True)) == [
        "",
        "Second subject",
        "Third subject",
    ]
