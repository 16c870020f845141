"""Whose rows a user may use, and what launches and dispatchers make of it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from access.models import Team
from access.ownership import looked_up_once, owners_open_to
from campaigns.files import suppression_export
from campaigns.models import Suppression, Task, TaskStatus
from campaigns.state import lifecycle
from dispatch.claiming import agenda
from dispatch.models import EmailService
from tests.factories import (
    ContactFactory,
    EmailServiceFactory,
    SenderFactory,
    TaskFactory,
    TeamFactory,
    TemplateFactory,
    UserFactory,
    sending_task,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return UserFactory()


@pytest.fixture
def team(user: User) -> Team:
    return TeamFactory(members=[user])


def test_a_user_uses_own_rows_and_those_of_the_teams(user: User, team: Team) -> None:
    second = TeamFactory(members=[user])
    TeamFactory()
    assert owners_open_to(user.pk) == [user.pk, team.pk, second.pk]


def test_a_team_uses_its_own_rows_alone(team: Team) -> None:
    assert owners_open_to(team.pk) == [team.pk]


class TestAService:
    @pytest.fixture
    def service(self, team: Team) -> EmailService:
        service = EmailServiceFactory()
        service.users.add(team.account)
        return service

    def served(self, owner: User, service: EmailService) -> bool:
        task = sending_task(owner=owner)
        return service.pk in agenda.read().tasks[task.pk].service_ids

    def test_reserved_for_a_team_sends_what_it_and_its_members_own(
        self, service: EmailService, team: Team, user: User
    ) -> None:
        assert self.served(user, service)
        assert self.served(team.account, service)
        assert not self.served(UserFactory(), service)

    def test_is_closed_at_once_to_one_who_leaves(
        self, service: EmailService, team: Team, user: User
    ) -> None:
        team.members.remove(user)
        assert not self.served(user, service)
        assert not EmailService.objects.open_to(user.pk).exists()


class TestALaunch:
    def scheduled(self, owner: User) -> Task:
        EmailServiceFactory()
        ContactFactory(owner=owner)
        at = Now() - dt.timedelta(seconds=1)
        return TaskFactory(owner=owner, status=TaskStatus.SCHEDULED, scheduled_at=at)

    def test_of_a_team_happens_at_its_time(self, team: Team) -> None:
        self.scheduled(team.account)
        assert lifecycle.launch_due() == 1

    def test_of_a_user_who_is_switched_off_does_not(self, user: User) -> None:
        self.scheduled(user)
        User.objects.filter(pk=user.pk).update(is_active=False)
        assert lifecycle.launch_due() == 0

    def test_with_template_or_sender_of_a_team_that_was_left_is_refused(
        self, team: Team, user: User
    ) -> None:
        template = TemplateFactory(owner=team.account, name="Shared")
        sender = SenderFactory(owner=team.account, display_name="North")
        EmailServiceFactory()
        ContactFactory(owner=user)
        task = TaskFactory(owner=user, template=template, sender=sender)
        assert lifecycle.problems(task) == []
        team.members.remove(user)
        assert lifecycle.problems(task) == [
            "The template “Shared” is of a team that its owner has left.",
            f"The sender “{sender}” is of a team that its owner has left.",
        ]


def test_suppressions_are_exported_of_ones_own_contacts_and_those_of_the_teams(
    user: User, team: Team
) -> None:
    for number, owner in enumerate((user, team.account, UserFactory())):
        Suppression.objects.create(email=ContactFactory(owner=owner).email, source=str(number))
    text = "".join(suppression_export.lines_for(owners_open_to(user.pk)))
    assert text.count("@example.com") == 2


def test_a_request_looks_up_once_what_is_open_to_its_user_and_the_next_one_anew(
    client: Client,
) -> None:
    staff = UserFactory(is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_contact"))
    client.force_login(staff)
    address = reverse("admin:campaigns_contact_changelist")
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    asked = [each["sql"] for each in queries if '"access_team_members"."user_id" =' in each["sql"]]
    assert len(asked) == 1
    contact = ContactFactory(owner=TeamFactory(members=[staff]).account)
    assert contact.email in client.get(address).content.decode()


def test_owners_are_looked_up_once_in_a_request_alone(
    user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1), looked_up_once():
        assert owners_open_to(user.pk) == owners_open_to(user.pk) == [user.pk]
    with django_assert_num_queries(2):
        assert owners_open_to(user.pk) == owners_open_to(user.pk)
