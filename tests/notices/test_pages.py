"""The page on which staff choose what they are told."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse
from pytest_django import Settings

from notices import choices
from notices.models import Choice, Delivery, Notice
from tests.campaigns.admin.staff import (
    EVERYBODY,
    MANAGER,
    NOBODY,
    OPERATOR,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.notices.telling import LONG_AGO, ada, note
from tests.responses import ClientResponse

FORM: dict[str, Any] = {"mail": "now", "wanted": ["finished", "paused"], "webhook_url": ""}
HOOK = "https://example.com/hook"


def save(user: Any, **values: Any) -> ClientResponse:
    return signed_in(user).post(reverse("own_notices"), {**FORM, **values}, follow=True)


def shown(user: Any) -> str:
    return page_of(signed_in(user).get(reverse("own_notices")))


@pytest.mark.parametrize("role", EVERYBODY)
def test_every_member_of_staff_has_one(role: str) -> None:
    assert "A campaign is finished" in shown(member(role))


def test_the_profile_leads_to_it() -> None:
    profile = page_of(signed_in(member(NOBODY)).get(reverse("own_profile")))
    assert f'href="{reverse("own_notices")}"' in profile


def test_kinds_of_operators_are_offered_to_operators_alone() -> None:
    assert "An email service is frozen" in shown(member(OPERATOR))
    assert "An email service is frozen" not in shown(member(MANAGER))


def test_says_to_which_address_mail_goes() -> None:
    assert "To ada@example.com." in shown(ada())


def test_says_that_there_is_no_address() -> None:
    assert "has no email address" in shown(ada(email=""))


def test_says_that_there_is_no_system_mail(settings: Settings) -> None:
    settings.EMAIL_HOST = ""
    assert "Mail cannot reach you yet" in shown(ada())


def test_who_has_chosen_nothing_sees_that_everything_is_told_by_mail() -> None:
    page = shown(ada())
    assert len(re.findall(r'name="wanted" value="\w+"[^>]* checked', page)) == 6
    assert re.search(r'name="mail" value="now"[^>]* checked', page)


def test_keeps_what_is_chosen() -> None:
    user = ada()
    save(user, mail="daily")
    choice = Choice.objects.get()
    assert (choice.user, choice.mail) == (user, "daily")
    assert set(choice.unwanted) == {"launch_failed", "in_doubt", "imported", "import_failed"}


def test_what_was_not_offered_stays_as_it_was() -> None:
    """A manager who was an operator."""
    user = ada()
    Choice.objects.create(user=user, unwanted=["frozen", "finished"])
    save(user, wanted=["finished"])
    assert "frozen" in Choice.objects.get().unwanted
    assert "finished" not in Choice.objects.get().unwanted


@pytest.mark.parametrize(
    "values", [{"mail": "hourly"}, {"wanted": ["x"]}, {"wanted": ["test"]}, {"webhook_url": "x"}]
)
def test_what_there_is_not_is_refused_and_nothing_is_lost(values: dict[str, Any]) -> None:
    page = page_of(save(ada(), **{"webhook_url": HOOK, **values}))
    assert not Choice.objects.exists()
    assert f'value="{values.get("webhook_url", HOOK)}"' in page


def test_the_secret_of_a_webhook_is_shown_once_and_kept_encrypted() -> None:
    user = ada()
    response = save(user, webhook_url=HOOK)
    assert "no-store" in response.headers["Cache-Control"]
    found = re.search(r'id="webhook-secret">(whsec_[^<]+)<', page_of(response))
    assert found is not None
    assert found[1] not in Choice.objects.get().webhook_secret
    assert choices.secret_of(Choice.objects.get()) == found[1]
    assert "whsec_" not in shown(user)
    assert "whsec_" not in page_of(save(user, webhook_url=HOOK))
    assert choices.secret_of(Choice.objects.get()) == found[1]


def test_a_new_secret_replaces_the_old_one() -> None:
    user = ada()
    save(user, webhook_url=HOOK)
    before = choices.secret_of(Choice.objects.get())
    assert "whsec_" in page_of(save(user, webhook_url=HOOK, new_secret="yes"))
    assert choices.secret_of(Choice.objects.get()) != before


def test_another_address_gets_another_secret() -> None:
    user = ada()
    save(user, webhook_url=HOOK)
    before = choices.secret_of(Choice.objects.get())
    assert "whsec_" in page_of(save(user, webhook_url="https://example.net/hook"))
    assert choices.secret_of(Choice.objects.get()) != before


def test_a_webhook_that_is_taken_away_leaves_no_secret() -> None:
    user = ada()
    save(user, webhook_url=HOOK)
    save(user)
    choice = Choice.objects.get()
    assert (choice.webhook_url, choice.webhook_secret) == ("", "")


def test_a_webhook_that_was_switched_off_is_said_and_can_be_switched_on_again() -> None:
    user = ada()
    Choice.objects.create(
        user=user, webhook_url=HOOK, webhook_off_at=LONG_AGO, webhook_failing_since=LONG_AGO
    )
    assert "Your webhook was switched off at 1 Jan 2026" in shown(user)
    save(user, webhook_url=HOOK)
    assert not Choice.objects.get().has_webhook
    save(user, webhook_url=HOOK, switch_on="yes")
    choice = Choice.objects.get()
    assert choice.has_webhook and choice.webhook_failing_since is None


def test_a_test_saves_and_goes_the_way_of_notices() -> None:
    user = ada()
    said = texts(save(user, mail="daily", test="yes"))
    assert "A test is on its way" in said
    row = Delivery.objects.get()
    assert (row.user, row.channel, row.notice.kind) == (user, "mail", "test")
    assert not row.is_daily and Choice.objects.get().mail == "daily"


def test_without_any_way_a_test_says_so() -> None:
    said = texts(save(ada(), mail="never", test="yes"))
    assert "neither mail nor a webhook" in said and not Notice.objects.exists()


def test_tests_are_counted() -> None:
    user = ada()
    for _ in range(11):
        said = texts(save(user, test="yes"))
    assert "there were 10 in an hour" in said and Notice.objects.count() == 10


def test_what_was_given_up_is_shown_with_the_reason_to_whom_it_was_for() -> None:
    owner, bob = ada(), member(MANAGER)
    note(owner)
    Delivery.objects.update(state="given_up", why="refused", said="550 no such user")
    said = "Given up. The mail server did not take it: 550 no such user"
    assert said in shown(owner)
    assert "Spring" not in shown(bob)


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({}, "On its way"),
        ({"state": "sent"}, "Sent"),
        ({"is_daily": True, "next_try_at": LONG_AGO}, "In the daily mail of 1 Jan 2026, 00:00"),
        (
            {"why": "answer", "said": "503", "next_try_at": LONG_AGO},
            "Tried again about 1 Jan 2026, 00:00. The receiver answered with status 503.",
        ),
    ],
)
def test_says_how_far_each_is(values: dict[str, Any], state: str) -> None:
    owner = ada()
    note(owner)
    Delivery.objects.update(**values)
    assert state in shown(owner)


def test_the_table_says_things_in_the_language_of_the_user() -> None:
    owner = ada()
    note(owner)
    page = page_of(
        signed_in(owner).get(reverse("own_notices"), headers={"Accept-Language": "zh-hans"})
    )
    assert "活动“Spring”已完成" in page


def test_who_is_not_signed_in_sees_nothing(client: Any) -> None:
    response = client.get(reverse("own_notices"))
    assert response.status_code == 302 and "/login/" in response.headers["Location"]
