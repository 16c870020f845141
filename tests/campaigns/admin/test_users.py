"""Accounts: one form with the role and what it lets, invitations, and no rights beyond the own."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from signin import invitations
from signin.models import Invitation, Profile
from tests.campaigns.admin.staff import (
    CONFIRM,
    MANAGER,
    NOBODY,
    OPERATOR,
    SUPERUSER,
    VIEWER,
    address,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.factories import TeamFactory, UserFactory
from tests.responses import ClientResponse
from tests.signin.conftest import quick_hashing
from tests.signin.pages import make_user, sign_in

__all__ = ["quick_hashing"]  # a fixture for every test here

pytestmark = pytest.mark.django_db
PASSWORD = "a long new passphrase"
NEW = {"username": "ada", "first_name": "Ada", "last_name": "L", "email": "ada@example.com"}


@pytest.fixture
def system_mail(settings: Settings) -> None:
    settings.EMAIL_HOST, settings.DEFAULT_FROM_EMAIL = "smtp.example.com", "edm@example.com"


def role(name: str) -> Group:
    return Group.objects.get(name=name)


def administrator(*roles: str) -> User:
    """Staff who may add and change users, and has these roles."""
    user = member(NOBODY)
    for codename in ("view_user", "add_user", "change_user"):
        user.user_permissions.add(Permission.objects.get(codename=codename))
    user.groups.add(*(role(name) for name in roles))
    return user


def add(actor: User, **values: Any) -> ClientResponse:
    client = signed_in(actor)
    return client.post(address("auth.user", "add"), {**NEW, **values}, follow=True)


def change(actor: User, user: User, **values: Any) -> ClientResponse:
    form = {"username": user.username, "is_active": "on", "is_staff": "on", **values}
    return signed_in(actor).post(address("auth.user", "change", user.pk), form)


def link_in(text: str) -> str:
    """The path of the link that sets a password."""
    found = re.search(r"http://localhost:8000(/admin/invitation/\d+/[\w-]+/)", text)
    assert found is not None, text
    return found[1]


def linked(user: User) -> str:
    return link_in(invitations.make(user, member(SUPERUSER)))


def use(link: str, password: str = PASSWORD) -> ClientResponse:
    return Client().post(link, {"new_password1": password, "new_password2": password})


def can_sign_in(user: User, password: str = PASSWORD) -> bool:
    return User.objects.get(pk=user.pk).check_password(password)


class TestForm:
    def test_a_table_says_what_each_role_lets(self) -> None:
        page = page_of(signed_in(member(SUPERUSER)).get(address("auth.user", "add")))
        row = re.search(r"Launch and schedule campaigns</th>(.*?)</tr>", page)
        assert row is not None
        answers = re.findall(r">\s*(yes|–)\s*</td>", row[1])
        assert answers == ["yes", "–", "–"]  # campaign manager, operator, viewer

    def test_a_new_user_gets_the_role_and_the_teams_and_no_password(self) -> None:
        team = TeamFactory(name="North")
        add(member(SUPERUSER), groups=[role(VIEWER).pk], teams=[team.pk])
        ada = User.objects.get(username="ada")
        assert list(ada.groups.all()) == [role(VIEWER)] and list(ada.teams.all()) == [team]
        assert ada.is_staff and not ada.has_usable_password()

    def test_the_history_of_a_team_says_who_came_by_the_form(self) -> None:
        team, ada = TeamFactory(name="North"), UserFactory(username="ada")
        change(member(SUPERUSER), ada, teams=[team.pk])
        change(member(SUPERUSER), ada)
        entries = LogEntry.objects.filter(object_id=str(team.pk)).order_by("pk")
        assert [entry.change_message for entry in entries] == [
            "Added the member “ada”.",
            "Took out the member “ada”.",
        ]

    def test_each_role_says_beside_it_the_most_that_it_lets(self) -> None:
        page = page_of(signed_in(member(SUPERUSER)).get(address("auth.user", "add")))
        assert (
            "campaign manager: writes and launches campaigns, keeps contacts, pauses and cancels "
            "campaigns, decides messages in doubt; sees their own and what their teams have"
        ) in page
        assert "viewer: changes nothing; sees what every owner has" in page

    def test_what_a_role_lets_is_read_from_its_permissions(self) -> None:
        role(VIEWER).permissions.add(Permission.objects.get(codename="change_contact"))
        page = page_of(signed_in(member(SUPERUSER)).get(address("auth.user", "add")))
        assert "viewer: keeps contacts; sees what every owner has" in page

    def test_roles_are_called_in_the_language_of_the_reader(self) -> None:
        client = signed_in(member(SUPERUSER))
        page = page_of(
            client.get(address("auth.user", "add"), headers={"accept-language": "zh-hans"})
        )
        assert "查看者：不做任何更改；可查看所有所有者的内容" in page

    def test_the_address_is_the_user_name_of_who_gets_no_other(self) -> None:
        add(member(SUPERUSER), username="")
        assert User.objects.get(username="ada@example.com").email == "ada@example.com"

    def test_one_of_address_and_user_name_is_needed(self) -> None:
        page = page_of(add(member(SUPERUSER), username="", email=""))
        assert "Give an email address or a user name." in page

    def test_an_address_that_is_the_user_name_of_another_is_refused(self) -> None:
        UserFactory(username="ada@example.com")
        page = page_of(add(member(SUPERUSER), username=""))
        assert "A user with that username already exists." in page

    @pytest.mark.parametrize(
        "email", ["o'brien@example.com", f"{'a' * 60}@{'b' * 60}.{'c' * 60}.de"]
    )
    def test_an_address_that_cannot_be_a_user_name_asks_for_one(self, email: str) -> None:
        page = page_of(add(member(SUPERUSER), username="", email=email))
        assert "The email address cannot be the user name" in page and "Give a user name." in page
        add(member(SUPERUSER), email=email)
        assert User.objects.get(username="ada").email == email

    def test_the_list_says_who_has_not_signed_in_since_the_invitation(self) -> None:
        linked(UserFactory(username="ada"))
        client, users = signed_in(member(SUPERUSER)), address("auth.user", "changelist")
        assert "not yet: invited" in page_of(client.get(users))
        Invitation.objects.update(expires_at="2026-01-01T00:00Z")
        assert "never: the link of the invitation has expired" in page_of(client.get(users))

    def test_two_accounts_do_not_share_an_address(self) -> None:
        UserFactory(username="grace", email="Ada@example.com")
        assert "“grace” has this address already." in page_of(add(member(SUPERUSER)))
        assert not User.objects.filter(username="ada").exists()


class TestInvitation:
    @pytest.mark.usefixtures("system_mail")
    def test_is_mailed_when_the_account_is_saved(self) -> None:
        response = add(member(SUPERUSER))
        assert "was sent a link to set a password, to ada@example.com" in texts(response)
        [message] = mail.outbox
        assert (message.to, message.from_email) == (["ada@example.com"], "edm@example.com")
        assert use(link_in(str(message.body))).status_code == 302
        assert can_sign_in(User.objects.get(username="ada"))

    def test_without_system_mail_the_link_is_shown_once_to_be_handed_over(self) -> None:
        page = page_of(add(member(SUPERUSER)))
        assert "no system mail is set up" in page and mail.outbox == []
        ada = User.objects.get(username="ada")
        again = page_of(signed_in(member(SUPERUSER)).get(address("auth.user", "change", ada.pk)))
        assert link_in(page) not in again and "A link to set the password is open" in again
        use(link_in(page))
        assert can_sign_in(ada)

    @pytest.mark.usefixtures("system_mail")
    def test_a_mail_server_that_refuses_is_told_and_the_link_shown(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(self: EmailBackend, messages: Any) -> int:
            raise OSError("the server is away")

        monkeypatch.setattr(EmailBackend, "send_messages", refuse)
        page = page_of(add(member(SUPERUSER)))
        assert "the mail server did not take it: the server is away" in page
        assert use(link_in(page)).status_code == 302

    def test_is_good_once(self) -> None:
        link = linked(ada := UserFactory())
        assert use(link).status_code == 302
        assert use(link, "another long passphrase").status_code == 404
        assert can_sign_in(ada)

    def test_to_look_at_it_uses_nothing_up(self) -> None:
        link = linked(UserFactory())
        assert [Client().get(link).status_code for _ in range(3)] == [200] * 3
        assert use(link).status_code == 302

    def test_expires(self) -> None:
        link = linked(UserFactory())
        Invitation.objects.update(expires_at="2026-01-01T00:00Z")
        assert "is good once, for seven days" in page_of(Client().get(link), 404)
        assert use(link).status_code == 404

    def test_another_one_replaces_it(self) -> None:
        ada = UserFactory()
        first, second = linked(ada), linked(ada)
        assert [use(first).status_code, use(second).status_code] == [404, 302]

    def test_can_be_taken_back(self) -> None:
        link = linked(ada := UserFactory())
        url = address("auth.user", "take_invitation_back", ada.pk)
        client = signed_in(member(SUPERUSER))
        assert client.get(url).status_code == 200
        assert Client().get(link).status_code == 200
        client.post(url, CONFIRM)
        assert use(link).status_code == 404 and not can_sign_in(ada)

    def test_of_one_does_not_open_another(self) -> None:
        ada, grace = UserFactory(), UserFactory()
        link = linked(ada)
        assert Client().get(link.replace(f"/{ada.pk}/", f"/{grace.pk}/")).status_code == 404

    @pytest.mark.parametrize("token", ["x", "%00", "é", "A" * 43])
    def test_one_that_was_never_made_opens_nothing(self, token: str) -> None:
        ada = UserFactory()
        linked(ada)
        for key in (ada.pk, 0, 10**30):
            assert Client().get(f"/admin/invitation/{key}/{token}/").status_code == 404

    def test_a_weak_password_is_refused_and_the_link_stays_good(self) -> None:
        link = linked(UserFactory())
        for weak in ("Ab3$efghijk", "qwertyuiop123", "123456789012"):
            assert use(link, weak).status_code == 200
        assert use(link).status_code == 302

    def test_is_kept_as_a_hash_alone(self) -> None:
        link = linked(UserFactory())
        assert link.split("/")[-2] not in str(Invitation.objects.values().get())

    def test_can_be_sent_again_after_a_question(self) -> None:
        ada = UserFactory(email="")
        url = address("auth.user", "invite", ada.pk)
        client = signed_in(member(SUPERUSER))
        assert "the account has no email address" not in page_of(client.get(url))
        assert not Invitation.objects.exists()
        assert use(link_in(page_of(client.post(url, CONFIRM)))).status_code == 302


class TestSwitchedOff:
    def test_sessions_end_for_good(self) -> None:
        ada = make_user("ada")
        sign_in(client := Client())
        for active in ({}, {"is_active": "on"}):
            form = {"username": ada.username, "is_staff": "on", **active}
            url = address("auth.user", "change", ada.pk)
            assert signed_in(member(SUPERUSER)).post(url, form).status_code == 302
        assert User.objects.get(pk=ada.pk).is_active
        assert client.get(reverse("own_profile")).status_code == 302

    def test_an_open_link_works_no_more(self) -> None:
        link = linked(ada := UserFactory())
        signed_in(member(SUPERUSER)).post(
            address("auth.user", "change", ada.pk), {"username": ada.username, "is_staff": "on"}
        )
        assert use(link).status_code == 404


class TestOneself:
    @pytest.mark.parametrize("taken", ["is_active", "is_staff", "is_superuser"])
    def test_is_not_shut_out(self, taken: str) -> None:
        ada = member(SUPERUSER)
        form = dict.fromkeys({"is_active", "is_staff", "is_superuser"} - {taken}, "on")
        url = address("auth.user", "change", ada.pk)
        response = signed_in(ada).post(url, {"username": ada.username, **form})
        assert "Another user has to take this from you." in page_of(response)
        ada = User.objects.get(pk=ada.pk)
        assert ada.is_active and ada.is_staff and ada.is_superuser

    def test_is_not_deleted(self) -> None:
        ada = member(SUPERUSER)
        url = address("auth.user", "delete", ada.pk)
        assert signed_in(ada).post(url, {"post": "yes"}).status_code == 403


class TestRights:
    def test_an_administrator_gives_roles_with_no_more_rights_than_the_own(self) -> None:
        add(administrator(MANAGER), groups=[role(MANAGER).pk])
        assert User.objects.get(username="ada").groups.get() == role(MANAGER)

    @pytest.mark.parametrize("more", [OPERATOR, VIEWER])
    def test_a_role_with_more_is_not_offered_and_refused(self, more: str) -> None:
        actor = administrator(MANAGER)
        page = page_of(signed_in(actor).get(address("auth.user", "add")))
        assert f'value="{role(more).pk}"' not in page
        assert "Select a valid choice" in page_of(add(actor, groups=[role(more).pk]))
        assert not User.objects.filter(username="ada").exists()

    def test_superuser_and_single_permissions_are_not_for_administrators_to_give(self) -> None:
        ada = UserFactory()
        right = Permission.objects.get(codename="erase_address")
        change(administrator(), ada, is_superuser="on", user_permissions=[right.pk])
        ada = User.objects.get(pk=ada.pk)
        assert not ada.is_superuser and not ada.user_permissions.exists()

    def test_nobody_gives_oneself_more(self) -> None:
        actor = administrator()
        change(actor, actor, is_superuser="on", groups=[role(OPERATOR).pk])
        actor = User.objects.get(pk=actor.pk)
        assert not actor.is_superuser and not actor.groups.exists()

    @pytest.mark.parametrize("more", [SUPERUSER, OPERATOR])
    def test_an_account_with_more_rights_is_not_changed(self, more: str) -> None:
        other, actor = member(more, username="grace"), administrator(MANAGER)
        assert change(actor, other, first_name="X").status_code == 403
        client = signed_in(actor)
        password = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
        url = address("auth.user", "password_change", other.pk)
        assert client.post(url, password).status_code == 403
        for page in ("invite", "take_invitation_back"):
            assert client.post(address("auth.user", page, other.pk), CONFIRM).status_code == 403
        assert not can_sign_in(other) and not Invitation.objects.exists()

    def test_rights_of_an_account_that_is_switched_off_count(self) -> None:
        other = member(OPERATOR, is_active=False)
        assert change(administrator(MANAGER), other).status_code == 403

    def test_what_an_administrator_may_not_give_is_not_taken_away_either(self) -> None:
        """By a form that does not show it."""
        ada = member(MANAGER)
        right = Permission.objects.get(codename="import_contact")
        ada.user_permissions.add(right)
        change(administrator(MANAGER), ada, groups=[])
        ada = User.objects.get(pk=ada.pk)
        assert list(ada.user_permissions.all()) == [right] and not ada.groups.exists()

    def test_teams_are_offered_to_whom_may_change_them_and_sees_them(self) -> None:
        actor = administrator()
        actor.user_permissions.add(Permission.objects.get(codename="change_team"))
        own, other = TeamFactory(name="North"), TeamFactory(name="South")
        own.members.add(actor)
        ada = UserFactory()
        assert "Select a valid choice" in page_of(change(actor, ada, teams=[other.pk]))
        change(actor, ada, teams=[own.pk])
        assert list(ada.teams.all()) == [own]

    def test_another_team_cannot_be_joined_by_its_own_form(self) -> None:
        actor = administrator()
        for codename in ("view_team", "change_team"):
            actor.user_permissions.add(Permission.objects.get(codename=codename))
        team = TeamFactory(name="South")
        url = address("access.team", "change", team.pk)
        signed_in(actor).post(url, {"name": "South", "members": [actor.pk]})
        assert not team.members.exists()

    def test_a_group_gets_no_right_that_its_maker_lacks(self) -> None:
        actor = administrator()
        for codename in ("view_group", "add_group", "change_group"):
            actor.user_permissions.add(Permission.objects.get(codename=codename))
        right = Permission.objects.get(codename="erase_address")
        client = signed_in(actor)
        form = {"name": "mine", "permissions": [right.pk]}
        assert "Select a valid choice" in page_of(client.post(address("auth.group", "add"), form))
        operators = address("auth.group", "change", role(OPERATOR).pk)
        assert client.post(operators, {"name": "operator", "permissions": []}).status_code == 403
        assert role(OPERATOR).permissions.exists()


def test_users_are_filtered_by_roles_in_the_language_of_who_looks() -> None:
    superuser = member(SUPERUSER)
    Profile.objects.update_or_create(user=superuser, defaults={"language": "zh-hans"})
    page = page_of(signed_in(superuser).get(reverse("admin:auth_user_changelist")))
    assert 'title="运维人员"' in page and 'title="operator"' not in page
