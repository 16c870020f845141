"""Whom an occurrence is told: who may see it, and no one else."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission, User
from django.db.models.functions import Now

from campaigns.models import Task
from dispatch.models import Pace
from notices import sending
from notices.models import Choice, Delivery, Notice
from tests.campaigns.admin.staff import MANAGER, NOBODY, SUPERUSER, VIEWER, member
from tests.factories import EmailServiceFactory, TaskFactory, TeamFactory
from tests.notices.telling import ada, grace, note, told


def finish(task: Task) -> None:
    Task.objects.filter(pk=task.pk).update(status="completed", completed_at=Now())


def frozen(*users: User) -> None:
    """A service, reserved for these users."""
    service = EmailServiceFactory()
    service.users.set(users)
    Pace.objects.filter(pk=service.pk).update(needs_person=True, freeze_reason="535")


def test_a_campaign_is_told_its_owner_alone_though_others_may_see_it() -> None:
    for role in (MANAGER, VIEWER, SUPERUSER):
        member(role, email=f"{role}@example.com".replace(" ", "-"))
    grace()
    finish(TaskFactory(owner=ada()))
    assert told() == [("finished", "ada")]


def test_a_campaign_of_a_team_is_told_its_members() -> None:
    team = TeamFactory(members=[ada(), member(MANAGER, username="bob", email="bob@example.com")])
    finish(TaskFactory(owner=team.account))
    assert told() == [("finished", "ada"), ("finished", "bob")]


def test_members_without_the_right_to_see_campaigns_are_not_told() -> None:
    team = TeamFactory(members=[member(NOBODY, email="new@example.com")])
    finish(TaskFactory(owner=team.account))
    assert told() == [] and Notice.objects.exists()


def test_who_may_not_sign_in_any_more_is_not_told() -> None:
    finish(TaskFactory(owner=ada(is_active=False)))
    assert told() == []


def test_a_service_is_told_those_who_run_services() -> None:
    grace()
    ada()
    member(VIEWER, email="viewer@example.com")
    member(SUPERUSER, username="root", email="root@example.com")
    frozen()
    assert told() == [("frozen", "grace"), ("frozen", "root")]


def test_a_service_that_is_reserved_for_others_is_not_told_who_may_not_see_it() -> None:
    """An operator of few services, who does not see everything."""
    few = Group.objects.create(name="few")
    few.permissions.set(
        Permission.objects.filter(codename__in=["view_emailservice", "control_emailservice"])
    )
    for name in ("ken", "lin"):
        member(NOBODY, username=name, email=f"{name}@example.com").groups.add(few)
    frozen(few.user_set.get(username="lin"))
    assert told() == [("frozen", "lin")]


def test_what_one_does_not_want_is_not_told() -> None:
    owner = ada()
    Choice.objects.create(user=owner, unwanted=["finished"])
    finish(TaskFactory(owner=owner))
    assert told() == []


def test_one_is_told_by_each_way_that_was_chosen() -> None:
    owner = ada()
    choice = Choice.objects.create(user=owner, mail="never", webhook_url="https://example.com/x")
    note(owner, "Spring")
    Choice.objects.filter(pk=choice.pk).update(mail="now")
    note(owner, "Summer")
    ways = Delivery.objects.order_by("pk").values_list("notice__facts__name", "channel")
    assert list(ways) == [("Spring", "webhook"), ("Summer", "mail"), ("Summer", "webhook")]


def test_who_left_the_team_meanwhile_is_not_told_any_more() -> None:
    user = ada()
    team = TeamFactory(members=[user])
    note(team.account)
    team.members.clear()
    sending.send_due(0)
    row = Delivery.objects.get()
    assert (row.state, row.why) == ("given_up", "not_allowed")


def test_who_was_switched_off_meanwhile_is_not_told_any_more() -> None:
    user = ada()
    note(user)
    type(user).objects.update(is_active=False)
    sending.send_due(0)
    assert Delivery.objects.get().why == "not_allowed"


def test_who_chose_otherwise_meanwhile_is_not_told_any_more() -> None:
    user = ada()
    note(user)
    Choice.objects.create(user=user, mail="never")
    sending.send_due(0)
    assert Delivery.objects.get().why == "unwanted"
