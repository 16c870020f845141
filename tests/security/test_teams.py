"""What a team owns is its members' as if it were their own, and of no use to others."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db.models import Model

from access.models import Team
from campaigns import template_versions
from campaigns.models import Operation, Suppression, Template
from campaigns.operations import files
from tests.campaigns.admin.staff import CONFIRM, MANAGER, address, member, signed_in
from tests.campaigns.admin.test_ownership import MAKE, listed
from tests.factories import (
    ContactFactory,
    OperationFactory,
    SegmentFactory,
    SubTaskFactory,
    TeamFactory,
    TemplateFactory,
)
from tests.security.test_admin_errors import ADDRESSES
from tracking.models import Event

pytestmark = pytest.mark.django_db


def event_of(owner: User) -> Event:
    event: Event = Event.objects.create(
        kind="opened", source="open", subtask=SubTaskFactory(task__owner=owner), state="applied",
        dedupe_key=str(owner.pk),
    )  # fmt: skip
    return event


def suppression_of(owner: User) -> Suppression:
    contact = ContactFactory(owner=owner)
    row: Suppression = Suppression.objects.create(email=contact.email)
    return row


def operation_of(owner: User) -> Operation:
    operation = OperationFactory(owner=owner)
    files.store(operation, "download", "contacts.csv", [b"email"], dt.timedelta(days=1))
    return operation


def template_of(owner: User) -> Template:
    template = TemplateFactory(owner=owner)
    template_versions.record(template, owner)
    return template


ROWS: dict[str, Callable[[User], Model]] = {
    **MAKE,
    "campaigns.suppression": suppression_of,
    "campaigns.template": template_of,
    "campaigns.segment": lambda owner: SegmentFactory(owner=owner),
    "campaigns.operation": operation_of,
    "tracking.event": event_of,
}
SECOND_PARTS = {
    "/admin/campaigns/operation/{0}/files/{0}/": "download",
    "/admin/campaigns/template/{0}/versions/{0}/": "1",
    "/admin/campaigns/template/{0}/versions/{0}/restore/": "1",
}
"""Of the addresses that have two."""
WITHOUT_OWNER = {
    "access.team", "admin.logentry", "auth.group", "auth.user", "signin.signin",
    "tracking.rejectedrequests",
}  # fmt: skip
ABOUT_A_ROW = [url for url in ADDRESSES if "{0}" in url and url != "/admin/r/{0}/{0}/"]
"""All but Django's way to a row's page on the site, which none of ours has."""


def model_of(url: str) -> str:
    app, model = url.removeprefix("/admin/").split("/")[:2]
    return f"{app}.{model}"


def worker(**values: Any) -> User:
    """May do everything, as far as rows are the user's own."""
    user = member(MANAGER, **values)
    user.user_permissions.set(Permission.objects.exclude(codename="see_everything"))
    return user


OWNED = [url for url in ABOUT_A_ROW if model_of(url) not in WITHOUT_OWNER]


@pytest.mark.parametrize("url", ABOUT_A_ROW)
def test_every_address_about_a_row_is_known_here(url: str) -> None:
    assert model_of(url) in {*ROWS, *WITHOUT_OWNER}, "Say in ROWS how a row of it is made."
    known = url.count("{0}") == 1 or url in SECOND_PARTS
    assert known and url.count("{0}") <= 2, "Say in SECOND_PARTS how its second part is filled."


def filled(url: str, row: Model) -> str:
    return url.replace("{0}", str(row.pk), 1).format(SECOND_PARTS.get(url))


def seen(user: User, url: str, row: Model) -> int:
    return signed_in(user).get(filled(url, row)).status_code


@pytest.mark.parametrize("url", OWNED)
def test_a_page_opens_for_a_member_as_that_of_an_own_row_does(url: str) -> None:
    user = worker()
    make = ROWS[model_of(url)]
    shared, own = make(TeamFactory(members=[user]).account), make(user)
    assert seen(user, url, shared) == seen(user, url, own)
    assert seen(user, url, shared) == 200 or not url.endswith(("/change/", "/history/"))


@pytest.mark.parametrize("url", OWNED)
def test_a_page_is_closed_to_strangers_of_another_team(url: str) -> None:
    stranger = worker()
    TeamFactory(members=[stranger])
    row = ROWS[model_of(url)](TeamFactory().account)
    before = type(row)._default_manager.filter(pk=row.pk).values().get()
    client = signed_in(stranger)
    for response in (
        client.get(filled(url, row)),
        client.post(filled(url, row), {**CONFIRM, "post": "yes"}),
    ):
        assert response.status_code in (302, 403, 404)
        if response.status_code == 302:
            assert response["Location"] in ("/admin/", f"{filled(url, row)}change/")
    assert type(row)._default_manager.filter(pk=row.pk).values().get() == before


@pytest.mark.parametrize("model", sorted({model_of(url) for url in OWNED}))
def test_a_list_shows_the_rows_of_ones_teams_until_one_leaves(model: str) -> None:
    user, stranger = worker(), worker()
    TeamFactory(members=[stranger])
    team = TeamFactory(members=[user])
    row = ROWS[model](team.account)
    assert row.pk in listed(signed_in(user), model)
    assert row.pk not in listed(signed_in(stranger), model)
    team.members.remove(user)
    assert row.pk not in listed(signed_in(user), model)


@pytest.mark.parametrize("model", ["contact", "tag", "sender", "template", "task"])
def test_a_stranger_deletes_no_row_of_a_team_in_a_list(model: str) -> None:
    row = ROWS[f"campaigns.{model}"](TeamFactory().account)
    form = {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
    client = signed_in(worker())
    for across in ("0", "1"):
        url = address(f"campaigns.{model}", "changelist")
        client.post(url, {**form, "select_across": across})
    assert type(row)._default_manager.filter(pk=row.pk).exists()


def test_work_on_the_rows_of_a_team_is_lost_with_the_team_to_the_one_who_started_it() -> None:
    user = worker()
    team = TeamFactory(members=[user])
    operation = operation_of(team.account)
    Operation.objects.filter(pk=operation.pk).update(requested_by=user)
    urls = [url for url in OWNED if url.startswith("/admin/campaigns/operation/")]
    before = [seen(user, url, operation) for url in urls]
    team.members.remove(user)
    after = [seen(user, url, operation) for url in urls]
    assert 200 in before
    assert 200 not in after


def test_a_stranger_gives_no_row_to_a_team() -> None:
    team = TeamFactory()
    response = signed_in(worker()).post(
        address("campaigns.tag", "add"), {"name": "vip", "owner": team.pk}
    )
    assert response.status_code in (200, 302)
    assert (
        not ROWS["campaigns.tag"](worker())
        ._meta.model._default_manager.filter(owner=team.pk)
        .exists()
    )


class TestTheAccountOfATeam:
    """Owns rows, and never signs in."""

    @pytest.fixture
    def team(self) -> Team:
        team: Team = TeamFactory(name="North")
        return team

    def test_has_no_password_and_is_off(self, team: Team) -> None:
        assert not team.account.is_active
        assert not team.account.is_staff
        assert not team.account.has_usable_password()

    def test_is_not_let_in_by_its_name(self, team: Team) -> None:
        from_outside = signed_in(member(MANAGER))
        from_outside.logout()
        for password in ("", "x", "!", team.account.password):
            from_outside.post(
                "/admin/login/", {"username": team.account.username, "password": password}
            )
            assert "_auth_user_id" not in from_outside.session

    def test_is_not_among_the_users(self, team: Team) -> None:
        superuser = member("superuser")
        assert team.pk not in listed(signed_in(superuser), "auth.user")
        for page in ("change", "delete"):
            response = signed_in(superuser).get(address("auth.user", page, team.pk))
            assert response.status_code == 302
            assert f"/auth/user/{team.pk}/" not in response["Location"]

    def test_leads_from_its_rows_to_the_team(self, team: Team) -> None:
        response = signed_in(member("superuser")).get(address("auth.user", "change", team.pk))
        assert response["Location"] == address("access.team", "change", team.pk)

    def test_has_a_name_that_no_user_can_choose(self, team: Team) -> None:
        form = {
            "username": "team South",
            "usable_password": "false",
            "password1": "",
            "password2": "",
        }
        page = signed_in(member("superuser")).post(address("auth.user", "add"), form)
        assert "Enter a valid username" in page.content.decode()
        assert re.search(r"\s", team.account.username)
