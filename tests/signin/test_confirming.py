"""What needs a password or a second factor again."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import NoReverseMatch, reverse

from dispatch.models import EmailService
from signin.models import SignIn
from signin.session import confirming, sessions
from tests.factories import EmailServiceFactory
from tests.responses import ClientResponse
from tests.signin.pages import PASSWORD, code, enter_code, grow_old, sign_in, with_app

CONFIRM = "/admin/account/confirm/"
MINUTES = 60
GROUP = "/admin/auth/group/add/"


def wait(client: Client, minutes: float) -> None:
    grow_old(client, minutes * MINUTES, sessions.CONFIRMED)


def asks(answer: ClientResponse) -> bool:
    return bool(answer.status_code == 302 and answer["Location"].startswith(CONFIRM))


@pytest.mark.parametrize("name", sorted(confirming.PAGES | confirming.ACTIONS))
def test_every_page_named_exists(name: str) -> None:
    found = []
    for args in ([], [1]):
        try:
            found.append(reverse(name, args=args))
        except NoReverseMatch:
            continue
    assert found


@pytest.mark.parametrize("name", sorted(confirming.PAGES))
def test_such_a_page_asks_first(ada: User, client: Client, name: str) -> None:
    sign_in(client)
    wait(client, 16)
    try:
        url = reverse(name)
    except NoReverseMatch:
        url = reverse(name, args=[ada.pk])
    assert asks(client.get(url))
    wait(client, 16)
    assert asks(client.post(url))


def test_shortly_after_signing_in_nothing_is_asked(ada: User, client: Client) -> None:
    sign_in(client)
    wait(client, 14)
    assert client.get(GROUP).status_code == 200


def test_a_form_may_be_sent_some_time_after_it_was_opened(ada: User, client: Client) -> None:
    sign_in(client)
    wait(client, 25)
    client.post(GROUP, {"name": "Editors"})
    assert Group.objects.filter(name="Editors").exists()


def test_what_is_sent_too_late_is_not_done(ada: User, client: Client) -> None:
    sign_in(client)
    wait(client, 31)
    assert asks(client.post(GROUP, {"name": "Editors"}))
    assert not Group.objects.filter(name="Editors").exists()
    assert "Editors" not in str(dict(client.session))


def test_the_password_confirms(ada: User, client: Client) -> None:
    sign_in(client)
    wait(client, 31)
    asked = client.get(client.get(GROUP)["Location"]).content.decode()
    assert f'name="next" value="{GROUP}"' in asked
    assert client.post(CONFIRM, {"password": PASSWORD, "next": GROUP})["Location"] == GROUP
    assert client.get(GROUP).status_code == 200
    assert SignIn.objects.filter(outcome="confirmed", user=ada).exists()


def test_a_wrong_password_confirms_nothing(ada: User, client: Client) -> None:
    sign_in(client)
    wait(client, 31)
    client.post(CONFIRM, {"password": "not it", "next": GROUP})
    assert asks(client.get(GROUP))


def test_a_code_confirms(ada: User, client: Client) -> None:
    with_app(ada)
    sign_in(client)
    enter_code(client, code())
    wait(client, 31)
    client.post(reverse("mfa_reauthenticate"), {"code": code(1), "next": GROUP})
    assert client.get(GROUP).status_code == 200


def test_trying_passwords_on_the_page_is_limited(ada: User, client: Client) -> None:
    sign_in(client)
    wait(client, 31)
    for number in range(12):
        answer = client.post(CONFIRM, {"password": f"guess {number}"})
    assert "Too many tries" in answer.content.decode()
    client.post(CONFIRM, {"password": PASSWORD, "next": GROUP})
    assert asks(client.get(GROUP))


def test_deleting_groups_from_the_list_asks_first(ada: User, client: Client) -> None:
    group = Group.objects.create(name="Editors")
    sign_in(client)
    wait(client, 31)
    url = reverse("admin:auth_group_changelist")
    assert client.get(url).status_code == 200
    form = {"action": "delete_selected", "_selected_action": [group.pk], "post": "yes"}
    assert asks(client.post(url, form))
    assert Group.objects.filter(pk=group.pk).exists()


def test_after_confirming_one_is_not_sent_elsewhere(ada: User, client: Client) -> None:
    sign_in(client)
    wait(client, 31)
    answer = client.post(CONFIRM, {"password": PASSWORD, "next": "https://evil.example.com/"})
    assert "evil" not in answer["Location"]


def service_form(client: Client, service: EmailService, **changes: str) -> dict[str, str]:
    page = client.get(reverse("admin:dispatch_emailservice_change", args=[service.pk]))
    form = page.context["adminform"].form
    values = {
        name: value
        for name in form.fields
        if (value := form[name].value()) not in (None, "", []) and value is not False
    }
    return {**values, "settings_host": "mail.example.com", **changes}


def test_settings_of_a_service_are_kept_until_confirmed(ada: User, client: Client) -> None:
    service = EmailServiceFactory()
    sign_in(client)
    data = service_form(client, service, settings_password="new secret", settings_username="me")
    url = reverse("admin:dispatch_emailservice_change", args=[service.pk])
    wait(client, 31)
    before = service.credentials
    answer = client.post(url, data).content.decode()
    service.refresh_from_db()
    assert "Confirm that it is you" in answer and service.credentials == before
    client.post(CONFIRM, {"password": PASSWORD})
    client.post(url, data)
    service.refresh_from_db()
    assert service.credentials != before


def test_the_pace_of_a_service_is_changed_without_asking(ada: User, client: Client) -> None:
    service = EmailServiceFactory()
    sign_in(client)
    url = reverse("admin:dispatch_emailservice_change", args=[service.pk])
    client.post(url, service_form(client, service))
    data = service_form(client, service, burst="7")
    wait(client, 31)
    client.post(url, data)
    service.refresh_from_db()
    assert service.burst == 7
