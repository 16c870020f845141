"""When sessions end, and by whom."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from signin.models import SignIn
from signin.session import sessions
from tests.signin.pages import HOME, PASSWORD, grow_old, is_signed_in, make_user, sign_in

LIST = "/admin/account/sessions/"
HOUR = 3600


def test_a_session_ends_when_nothing_is_done(ada: User, client: Client) -> None:
    sign_in(client)
    grow_old(client, HOUR + 1, sessions.USED)
    answer = client.get(HOME, follow=True)
    assert "nothing was done for 60 minutes" in answer.content.decode()
    assert not is_signed_in(client)
    assert SignIn.objects.filter(outcome="timed_out").count() == 1


def test_using_a_session_keeps_it(ada: User, client: Client) -> None:
    sign_in(client)
    for _ in range(3):
        grow_old(client, HOUR - 60, sessions.USED)
        assert is_signed_in(client)


def test_a_page_that_refreshes_itself_is_no_use(ada: User, client: Client) -> None:
    sign_in(client)
    grow_old(client, HOUR - 60, sessions.USED)
    client.get(HOME, HTTP_SEC_FETCH_MODE="cors")
    grow_old(client, 120, sessions.USED)
    assert not is_signed_in(client)


def test_a_session_ends_in_any_case_after_hours(ada: User, client: Client) -> None:
    sign_in(client)
    grow_old(client, 12 * HOUR + 1, sessions.STARTED)
    assert "12 hours have passed" in client.get(HOME, follow=True).content.decode()


def test_what_was_sent_in_a_session_that_is_over_is_not_done(ada: User, client: Client) -> None:
    sign_in(client)
    grow_old(client, HOUR + 1, sessions.USED)
    client.post(reverse("admin:auth_group_add"), {"name": "Editors"})
    client.get(HOME)
    assert not Group.objects.filter(name="Editors").exists()


def test_one_sees_the_own_sessions(ada: User, client: Client) -> None:
    sign_in(client, address="203.0.113.7")
    sign_in(Client(), address="198.51.100.9")
    sign_in(Client(), make_user("bob").username, address="192.0.2.1")
    page = client.get(LIST).content.decode()
    assert "203.0.113.7" in page and "198.51.100.9" in page and "192.0.2.1" not in page


def test_a_session_is_shown_by_its_browser_and_tells_what_that_sent(
    ada: User, client: Client
) -> None:
    sent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Gecko/20100101 Firefox/140.0"
    sign_in(client, HTTP_USER_AGENT=sent)
    page = client.get(LIST, HTTP_USER_AGENT=sent).content.decode()
    assert f'title="{sent}">Firefox on Windows</p>' in page


def test_one_ends_another_of_the_own_sessions(ada: User, client: Client) -> None:
    sign_in(client)
    other = Client()
    sign_in(other)
    ending = UserSession.objects.get(session_key=other.session.session_key)
    client.post(LIST, {"end": str(ending.pk)})
    assert is_signed_in(client) and not is_signed_in(other)


def test_the_sessions_of_others_are_not_ended(ada: User, client: Client) -> None:
    sign_in(client)
    bob = Client()
    sign_in(bob, make_user("bob").username)
    ending = UserSession.objects.get(session_key=bob.session.session_key)
    client.post(LIST, {"end": str(ending.pk)})
    assert is_signed_in(bob)


def test_one_ends_all_other_sessions(ada: User, client: Client) -> None:
    sign_in(client)
    others = [Client(), Client()]
    for each in others:
        sign_in(each)
    client.post(LIST, {"end": "others"})
    assert is_signed_in(client) and not any(map(is_signed_in, others))


def test_a_new_password_ends_the_other_sessions(ada: User, client: Client) -> None:
    sign_in(client)
    other = Client()
    sign_in(other)
    new = "another long passphrase"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    client.post(reverse("admin:password_change"), form)
    assert is_signed_in(client) and not is_signed_in(other)


def test_a_password_set_by_a_superuser_ends_all_sessions(ada: User, client: Client) -> None:
    sign_in(client)
    type(ada).objects.filter(pk=ada.pk).update(password=make_password("set by somebody else"))
    assert not is_signed_in(client)


def test_signing_in_gives_the_session_a_new_key(ada: User, client: Client) -> None:
    session = client.session
    session["kept"] = "yes"
    session.save()
    before = session.session_key
    assert before is not None
    client.cookies["sessionid"] = before
    sign_in(client)
    assert client.session.session_key != before


def test_signing_out_takes_the_session_off_the_list(ada: User, client: Client) -> None:
    sign_in(client)
    client.post(reverse("admin:logout"))
    assert not UserSession.objects.exists()


def test_strange_numbers_end_nothing(ada: User, client: Client) -> None:
    sign_in(client)
    for strange in ("", "x", "9" * 30, "-1", "²"):
        assert client.post(LIST, {"end": strange}).status_code == 302
    assert is_signed_in(client)
