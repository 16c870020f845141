"""Rows that a team shares: made, handed on, used in campaigns; teams made by operators."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from access.models import Team
from campaigns.models import Contact, Tag, Task, Template
from tests.campaigns.admin.staff import (
    MANAGER,
    OPERATOR,
    SUPERUSER,
    VIEWER,
    address,
    entries,
    member,
    page_of,
    signed_in,
)
from tests.campaigns.admin.test_ownership import listed
from tests.factories import (
    ContactFactory,
    EmailServiceFactory,
    SenderFactory,
    TagFactory,
    TaskFactory,
    TeamFactory,
    TemplateFactory,
)
from tests.responses import ClientResponse
from tests.security.test_teams import ROWS

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return member(MANAGER, username="ada")


@pytest.fixture
def team(user: User) -> Team:
    team: Team = TeamFactory(name="North", members=[user])
    return team


@pytest.fixture
def client(user: User) -> Client:
    return signed_in(user)


def save(client: Client, row: Any, **values: Any) -> ClientResponse:
    """Post the form of a row as it is shown, with these changes."""
    url = address(row._meta.label_lower, "change", row.pk)
    form = client.get(url).context["adminform"].form
    shown = {
        name: getattr(value, "pk", value)
        for name in form.fields
        if (value := form[name].value()) is not None
    }
    inline = {"tasktemplate_set-TOTAL_FORMS": 0, "tasktemplate_set-INITIAL_FORMS": 0}
    return client.post(url, {**inline, **shown, **values})


class TestTheOwnerOfANewRow:
    def offered(self, client: Client) -> list[str]:
        form = client.get(address("campaigns.tag", "add")).context["adminform"].form
        return [str(label) for _, label in form["owner"].field.choices]

    def test_is_not_asked_of_staff_without_a_team(self, client: Client) -> None:
        form = client.get(address("campaigns.tag", "add")).context["adminform"].form
        assert "owner" not in form.fields

    def test_is_chosen_between_oneself_and_ones_teams(self, client: Client, team: Team) -> None:
        TeamFactory(name="South")
        assert self.offered(client) == ["Mine (ada)", "team North"]

    def test_is_anybody_for_users_who_may_see_everything(self, team: Team) -> None:
        superuser = member(SUPERUSER, username="root")
        assert self.offered(signed_in(superuser)) == ["ada", "Mine (root)", "team North"]

    def test_is_oneself_unless_a_team_is_chosen(
        self, client: Client, team: Team, user: User
    ) -> None:
        for name, owner in (("own", user.pk), ("shared", team.pk)):
            client.post(address("campaigns.tag", "add"), {"name": name, "owner": owner})
            assert Tag.objects.get(name=name).owner_id == owner


class TestALists:
    @pytest.mark.parametrize("model", ["contact", "tag", "sender", "template", "task", "segment"])
    def test_filter_tells_ones_own_rows_from_those_of_a_team(
        self, client: Client, team: Team, user: User, model: str
    ) -> None:
        make = ROWS[f"campaigns.{model}"]
        for owner in (user, team.account):
            row = make(owner)
            assert listed(client, f"campaigns.{model}", f"?owner={owner.pk}") == [row.pk]

    @pytest.mark.parametrize("asked", ["x", "9" * 30, "²", "-1"])
    def test_filter_shows_nothing_for_another_owner(
        self, client: Client, team: Team, asked: str
    ) -> None:
        TemplateFactory(owner=team.account)
        assert listed(client, "campaigns.template", f"?owner={asked}") == []

    def test_filter_tells_the_services_that_are_reserved_for_a_team(
        self, client: Client, team: Team, user: User
    ) -> None:
        shared, own = EmailServiceFactory(), EmailServiceFactory()
        shared.users.add(team.account)
        own.users.add(user)
        assert listed(client, "dispatch.emailservice", f"?owner={team.pk}") == [shared.pk]


class TestHandingOn:
    def test_a_template_goes_to_the_team_and_comes_back(
        self, client: Client, team: Team, user: User
    ) -> None:
        template = TemplateFactory(owner=user)
        for owner in (team.account, user):
            save(client, template, owner=owner.pk)
            assert Template.objects.get().owner == owner
        assert [what for _, what in entries(template)] == [
            "Changed Owner from “ada” to “team North”.",
            "Changed Owner from “team North” to “ada”.",
        ]

    def test_a_contact_that_the_team_has_already_stays(
        self, client: Client, team: Team, user: User
    ) -> None:
        ContactFactory(owner=team.account, email="ada@example.com")
        mine = ContactFactory(owner=user, email="ada@example.com")
        page = page_of(save(client, mine, owner=team.pk, attributes="{}"))
        assert "There is a contact with this address already." in page
        assert Contact.objects.get(pk=mine.pk).owner == user

    def test_a_contact_with_tags_stays_and_keeps_them(
        self, client: Client, team: Team, user: User
    ) -> None:
        contact, tag = ContactFactory(owner=user), TagFactory(owner=user, name="vip")
        contact.tags.add(tag)
        page = page_of(save(client, contact, owner=team.pk, tags=[tag.pk], attributes="{}"))
        assert "Not owned by team North: “vip”." in page
        assert Contact.objects.get().owner == user
        assert contact.tags.get() == tag

    def test_a_tag_that_contacts_have_stays(self, client: Client, team: Team, user: User) -> None:
        tag = TagFactory(owner=user)
        ContactFactory(owner=user).tags.add(tag)
        page = page_of(save(client, tag, owner=team.pk))
        assert "Contacts of the old owner have it." in page
        assert Tag.objects.get().owner == user

    def test_a_tag_that_a_draft_names_stays(self, client: Client, team: Team, user: User) -> None:
        tag, task = TagFactory(owner=user), TaskFactory(owner=user, name="Spring")
        task.include_tags.add(tag)
        assert "The campaign “Spring” uses it." in page_of(save(client, tag, owner=team.pk))

    def test_a_template_of_the_team_that_another_member_uses_stays(
        self, client: Client, team: Team
    ) -> None:
        other = member(MANAGER)
        team.members.add(other)
        template = TemplateFactory(owner=team.account)
        TaskFactory(owner=other, name="Secret", template=template)
        page = page_of(save(client, template, owner=member_of(client).pk))
        assert "1 more campaign of others would lose it." in page
        assert "Secret" not in page
        assert Template.objects.get(pk=template.pk).owner == team.account

    def test_an_owner_that_is_not_offered_is_refused(
        self, client: Client, team: Team, user: User
    ) -> None:
        tag, stranger = TagFactory(owner=user), TeamFactory()
        page = page_of(save(client, tag, owner=stranger.pk))
        assert "Select a valid choice." in page
        assert Tag.objects.get().owner == user


def member_of(client: Client) -> User:
    return User.objects.get(pk=client.session["_auth_user_id"])


class TestACampaign:
    def saved(self, client: Client, owner: Any, **values: Any) -> ClientResponse:
        form = {
            "owner": owner.pk, "name": "Spring", "priority": 0, "audience": "all",
            "tasktemplate_set-TOTAL_FORMS": 1, "tasktemplate_set-INITIAL_FORMS": 0,
            "tasktemplate_set-0-weight": 1, **values,
        }  # fmt: skip
        return client.post(address("campaigns.task", "add"), form)

    def test_of_mine_uses_template_and_sender_of_my_team(
        self, client: Client, team: Team, user: User
    ) -> None:
        template, sender = TemplateFactory(owner=team.account), SenderFactory(owner=team.account)
        self.saved(client, user, sender=sender.pk, **{"tasktemplate_set-0-template": template.pk})
        task = Task.objects.get()
        assert (task.owner, task.sender, task.templates.get()) == (user, sender, template)

    def test_of_my_team_uses_no_template_of_mine(
        self, client: Client, team: Team, user: User
    ) -> None:
        template = TemplateFactory(owner=user, name="Own")
        response = self.saved(client, team.account, **{"tasktemplate_set-0-template": template.pk})
        assert "“Own” has another owner than the campaign" in page_of(response)

    def test_of_mine_mails_no_tag_of_my_team(self, client: Client, team: Team, user: User) -> None:
        tag, template = TagFactory(owner=team.account, name="vip"), TemplateFactory(owner=user)
        chosen = {"tasktemplate_set-0-template": template.pk, "include_tags": tag.pk}
        page = page_of(self.saved(client, user, audience="tags", **chosen))
        assert "Not owned by ada: “vip”." in page


class TestTeams:
    def test_are_made_by_operators_with_their_members(self, user: User) -> None:
        operator = signed_in(member(OPERATOR))
        operator.post(address("access.team", "add"), {"name": "North", "members": [user.pk]})
        team = Team.objects.get()
        assert list(team.members.all()) == [user]
        assert team.account.username == "team North"

    def test_have_a_history_of_who_came_and_left(self, team: Team) -> None:
        operator = signed_in(member(OPERATOR, username="op"))
        operator.post(address("access.team", "change", team.pk), {"name": "North", "members": []})
        assert entries(team) == [("op", "Changed Members from “ada” to nothing.")]

    def test_are_renamed_together_with_their_account(self, team: Team) -> None:
        operator = signed_in(member(OPERATOR))
        operator.post(address("access.team", "change", team.pk), {"name": "Polar"})
        assert User.objects.get(pk=team.pk).username == "team Polar"

    def test_have_names_of_their_own(self, team: Team) -> None:
        operator = signed_in(member(OPERATOR))
        page = page_of(operator.post(address("access.team", "add"), {"name": "NORTH"}))
        assert "There is a team with this name already." in page

    def test_are_not_members_of_each_other(self, team: Team) -> None:
        other = TeamFactory()
        form = {"name": "North", "members": [other.pk]}
        url = address("access.team", "change", team.pk)
        assert "Select a valid choice." in page_of(signed_in(member(OPERATOR)).post(url, form))

    def test_that_own_something_stay(self, team: Team) -> None:
        template = TemplateFactory(owner=team.account, name="Shared")
        url = address("access.team", "delete", team.pk)
        response = signed_in(member(OPERATOR)).post(url, {"post": "yes"})
        assert "Shared" in page_of(response, 403)
        assert Template.objects.get() == template

    def test_that_own_nothing_go_with_their_account(self, team: Team, user: User) -> None:
        url = address("access.team", "delete", team.pk)
        signed_in(member(OPERATOR)).post(url, {"post": "yes"})
        assert not User.objects.filter(pk=team.pk).exists()
        assert User.objects.filter(pk=user.pk).exists()

    @pytest.mark.parametrize(("role", "status"), [(MANAGER, 403), (VIEWER, 200)])
    def test_are_not_made_by_others(self, role: str, status: int) -> None:
        client = signed_in(member(role))
        assert client.get(address("access.team", "changelist")).status_code == status
        assert client.post(address("access.team", "add"), {"name": "x"}).status_code == 403
        assert not Team.objects.exists()
