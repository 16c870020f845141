"""Content by language in admin: the form, the question before the launch, the results."""

from __future__ import annotations

import pytest
from django.test import Client

from campaigns.admin.languages import results
from campaigns.models import ABTest, SubTask, Task, TaskTemplate
from campaigns.state import lifecycle
from tests.campaigns.admin.staff import MANAGER, SUPERUSER, address, member, page_of, signed_in
from tests.campaigns.languages.making import add_contacts, got, in_languages
from tests.factories import EmailServiceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return signed_in(member(SUPERUSER))


def saved(client: Client, task: Task, *languages: str, **more: object) -> str:
    """The campaign's form is sent with a second row for each of these languages."""
    [choice] = TaskTemplate.objects.filter(task=task)
    rows: dict[str, object] = {}
    for n, language in enumerate([choice.language, *languages]):
        rows[f"tasktemplate_set-{n}-task"] = task.pk
        rows[f"tasktemplate_set-{n}-template"] = choice.template_id
        rows[f"tasktemplate_set-{n}-weight"] = 1
        rows[f"tasktemplate_set-{n}-language"] = language
    data = {
        "owner": task.owner_id, "name": task.name, "sender": task.sender_id, "priority": 0,
        "audience": "all", "track_clicks": "on", "tasktemplate_set-0-id": choice.pk,
        "tasktemplate_set-TOTAL_FORMS": 1 + len(languages), "tasktemplate_set-INITIAL_FORMS": 1,
        **rows, **more,
    }  # fmt: skip
    return page_of(client.post(address("campaigns.task", "change", task.pk), data, follow=True))


def languages_of(task: Task) -> list[str]:
    choices = TaskTemplate.objects.filter(task=task).order_by("pk")
    return list(choices.values_list("language", flat=True))


def test_a_row_has_a_language_kept_as_it_is_usually_written(client: Client) -> None:
    task = in_languages("", status="draft")
    saved(client, task, "zh_hans")
    assert languages_of(task) == ["", "zh-Hans"]


@pytest.mark.parametrize("wrong", ["german", "d", "de;", "中文", "de--CH", "de-"])
def test_what_is_no_tag_is_refused(client: Client, wrong: str) -> None:
    task = in_languages("", status="draft")
    page = saved(client, task, wrong)
    assert "Enter the tag of a language, such as de, en-GB or zh-Hans." in page
    assert languages_of(task) == [""]


def test_the_same_template_twice_for_one_language_is_refused(client: Client) -> None:
    task = in_languages("", status="draft")
    assert "is here twice" in saved(client, task, "de", "DE")


TEST = {
    "ab_test-TOTAL_FORMS": 1, "ab_test-INITIAL_FORMS": 0, "ab_test-0-sample": 10,
    "ab_test-0-sample_unit": "percent", "ab_test-0-measure": "clicks",
    "ab_test-0-decide_after": "7200", "ab_test-0-threshold": "0.95", "ab_test-0-otherwise": "ask",
}  # fmt: skip


def test_a_test_and_languages_are_refused_together_in_the_form(client: Client) -> None:
    task = in_languages("", status="draft")
    assert "Test one language at a time" in saved(client, task, "de", **TEST)
    assert not ABTest.objects.exists()


def test_a_test_with_one_variant_is_refused_in_the_form(client: Client) -> None:
    task = in_languages("", status="draft")
    page = saved(client, task, **TEST)
    assert "Its A/B test needs 2 to 5 variants, and it has 1" in page
    assert not ABTest.objects.exists()


def test_a_test_with_languages_is_not_launched() -> None:
    task = in_languages("", "de", status="draft")
    ABTest.objects.create(task=task)
    EmailServiceFactory()
    add_contacts(task, "de")
    with pytest.raises(lifecycle.NotPossible, match="Test one language at a time"):
        lifecycle.launch(task)


def test_the_question_says_who_gets_what_and_names_the_missing_languages(client: Client) -> None:
    task = in_languages("en", "de", "zh-Hans", status="draft")
    EmailServiceFactory()
    add_contacts(task, "de-AT", "de", "zh-Hans-CN", "en", None, "fr", "fr", "ja-JP", "<b>")
    page = page_of(client.get(address("campaigns.task", "launch", task.pk)))
    assert "German (de): 2" in page
    assert "Chinese (Simplified) (zh-Hans): 1" in page
    assert "English (en) and for everyone else: 6" in page
    assert (
        "No template is in the language of 4 recipients, and they get the one in English (en): "
        "French (fr) (2), &lt;b&gt; (1), Japanese (Japan) (ja-JP) (1)."
    ) in page


def test_a_campaign_in_one_language_asks_nothing_about_languages(client: Client) -> None:
    task = in_languages("de", status="draft")
    EmailServiceFactory()
    add_contacts(task, "fr")
    page = page_of(client.get(address("campaigns.task", "launch", task.pk)))
    assert "Launch to 1 recipient" in page
    assert "Languages" not in page


def test_a_clone_has_the_languages() -> None:
    assert languages_of(lifecycle.clone(in_languages("", "de", status="draft"))) == ["", "de"]


def test_results_are_shown_by_language(client: Client) -> None:
    task = in_languages("", "de")
    add_contacts(task, "de", "de", "fr")
    got(task)
    german = SubTask.objects.filter(task=task, content__language="de")
    german.update(status="sent", service=EmailServiceFactory())
    progress = page_of(client.get(address("campaigns.task", "progress", task.pk)))
    url = address("campaigns.task", "languages", task.pk)
    page = page_of(client.get(url))
    assert url in progress
    assert "German (de)</th> <td>2</td> <td>2</td>" in page
    assert "everyone else</th> <td>1</td> <td>0</td>" in page


def test_results_of_many_messages_come_after_the_page(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "AT_ONCE", 1)
    task = in_languages("", "de")
    add_contacts(task, "de", "de", "fr")
    got(task)
    url = address("campaigns.task", "languages", task.pk)
    page = page_of(client.get(url))
    assert 'hx-get="?counted=1"' in page and "German" not in page
    assert "German" in page_of(client.get(url, {"counted": "1"}))


def test_results_of_another_owner_are_not_there() -> None:
    task = in_languages("", "de")
    client = signed_in(member(MANAGER))
    response = client.get(address("campaigns.task", "languages", task.pk))
    assert response.status_code in (302, 404)


def test_the_list_of_messages_says_the_language(client: Client) -> None:
    task = in_languages("", "pt-BR")
    add_contacts(task, "pt-BR")
    got(task)
    messages = address("campaigns.subtask", "changelist")
    page = page_of(client.get(messages, {"task__id__exact": task.pk}))
    assert "pt-BR" in page
