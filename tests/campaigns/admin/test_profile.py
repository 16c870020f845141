"""The own profile: name, language and time zone, and that pages follow them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Task
from signin.models import Profile
from signin.own import zones
from tests.campaigns.admin.staff import (
    CONFIRM,
    EVERYBODY,
    MANAGER,
    address,
    member,
    page_of,
    signed_in,
)
from tests.factories import ContactFactory, EmailServiceFactory, SubTaskFactory, TaskFactory

pytestmark = pytest.mark.django_db
FORM = {"first_name": "Ada", "last_name": "Lovelace", "language": "", "time_zone": ""}


def url() -> str:
    return reverse("own_profile")


def saved(user: User, **values: str) -> Client:
    """A browser of the user, who has chosen these."""
    client = signed_in(user)
    assert client.post(url(), {**FORM, **values}).status_code == 302
    return client


@pytest.mark.parametrize("role", EVERYBODY)
def test_every_member_of_staff_has_one(role: str) -> None:
    page = page_of(signed_in(member(role)).get(url()))
    assert "Time zone" in page and reverse("mfa_index") in page


def test_it_keeps_name_language_and_zone() -> None:
    ada = member(MANAGER)
    saved(ada, language="zh-hans", time_zone="Asia/Shanghai")
    assert User.objects.get(pk=ada.pk).first_name == "Ada"
    profile = Profile.objects.get(user=ada)
    assert (profile.language, profile.time_zone) == ("zh-hans", "Asia/Shanghai")


@pytest.mark.parametrize("values", [{"language": "de"}, {"time_zone": "Berlin"}])
def test_what_there_is_not_is_refused_and_the_rest_kept_in_the_form(values: dict[str, str]) -> None:
    page = page_of(signed_in(member(MANAGER)).post(url(), {**FORM, **values}))
    assert "Select a valid choice" in page and 'value="Lovelace"' in page
    assert not Profile.objects.exists()


def test_pages_are_in_the_language_that_was_chosen() -> None:
    client = saved(member(MANAGER), language="zh-hans")
    response = client.get(url(), headers={"Accept-Language": "en"})
    assert response.headers["Content-Language"] == "zh-hans"
    assert '<html lang="zh-hans"' in page_of(response)


@pytest.mark.parametrize(("browser", "spoken"), [("zh-CN,zh", "zh-hans"), ("de-DE,de", "en")])
def test_without_a_choice_the_browser_decides_among_what_the_admin_speaks(
    browser: str, spoken: str
) -> None:
    response = signed_in(member(MANAGER)).get(url(), headers={"Accept-Language": browser})
    assert response.headers["Content-Language"] == spoken


def test_times_are_shown_in_the_own_zone() -> None:
    ada = member(MANAGER)
    task = TaskFactory(owner=ada, status="sending")
    at = dt.datetime(2026, 3, 1, 23, 30, 7, tzinfo=dt.UTC)
    SubTaskFactory(task=task, status="sent", sent_at=at, service=EmailServiceFactory())
    list_url = reverse("admin:campaigns_subtask_changelist")
    assert "2 Mar 2026, 07:30" in page_of(saved(ada, time_zone="Asia/Shanghai").get(list_url))
    assert "1 Mar 2026, 23:30" in page_of(saved(ada).get(list_url))


def test_times_are_read_in_the_own_zone() -> None:
    ada = member(MANAGER)
    EmailServiceFactory()
    ContactFactory(owner=ada)
    task = TaskFactory(owner=ada)
    client, url = (
        saved(ada, time_zone="Asia/Shanghai"),
        address("campaigns.task", "schedule", task.pk),
    )
    assert "In the time zone Asia/Shanghai." in page_of(client.get(url))
    client.post(url, {**CONFIRM, "at": "2027-05-01T07:30"})
    assert Task.objects.get().scheduled_at == dt.datetime(2027, 4, 30, 23, 30, tzinfo=dt.UTC)


def test_a_zone_that_this_machine_does_not_know_leaves_that_of_the_site() -> None:
    assert str(zones.zone_of(Profile(time_zone="Mars/Olympus"))) == "UTC"


def test_public_pages_keep_the_language_of_the_browser() -> None:
    client = saved(member(MANAGER), language="zh-hans")
    response = client.get("/u/no-such-token", headers={"Accept-Language": "de"})
    assert response.headers["Content-Language"] == "de"


def test_the_switch_of_the_menu_sets_the_language_and_leads_back() -> None:
    ada = member(MANAGER)
    client = signed_in(ada)
    came_from = f"http://testserver{url()}"
    response = client.post(
        reverse("own_language"), {"language": "zh-hans"}, headers={"Referer": came_from}
    )
    assert response["Location"] == came_from
    assert Profile.objects.get().language == "zh-hans"
    assert "简体中文" in page_of(client.get(url()))


def test_the_switch_leads_to_no_other_site() -> None:
    response = signed_in(member(MANAGER)).post(
        reverse("own_language"), {"language": "en", "next": "https://elsewhere.example/"}
    )
    assert response["Location"] == reverse("admin:index")


def test_the_switch_needs_a_post_and_a_language_that_there_is() -> None:
    client = signed_in(member(MANAGER))
    assert client.get(reverse("own_language")).status_code == 405
    client.post(reverse("own_language"), {"language": "xx"})
    assert not Profile.objects.exists()


def test_who_is_not_signed_in_has_none(client: Client) -> None:
    for name in ("own_profile", "own_language"):
        assert client.post(reverse(name), FORM)["Location"].startswith(reverse("admin:login"))


def test_it_is_read_with_the_user(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    client = saved(member(MANAGER), language="en", time_zone="Asia/Shanghai")
    with django_assert_num_queries(2):  # the session, the user with the profile
        client.get(reverse("admin:jsi18n"))
