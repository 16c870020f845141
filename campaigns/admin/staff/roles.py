"""What each role lets its members see and do, read from its permissions; and which roles a user may
give: none with more rights than the own ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q, QuerySet
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from campaigns.wording import listed

ABILITIES: tuple[tuple[Any, str], ...] = (
    (_("See campaigns and messages"), "campaigns.view_task"),
    (_("… of every owner"), "campaigns.see_everything"),
    (_("Write campaigns and templates"), "campaigns.change_task"),
    (_("Launch and schedule campaigns"), "campaigns.launch_task"),
    (_("Pause, resume and cancel campaigns"), "campaigns.control_task"),
    (_("Approve what others launch"), "campaigns.approve_task"),
    (_("Send failed messages again"), "campaigns.retry_subtask"),
    (_("Decide messages in doubt"), "campaigns.decide_subtask"),
    (_("Keep contacts and tags"), "campaigns.change_contact"),
    (_("Import contacts"), "campaigns.import_contact"),
    (_("Export contacts"), "campaigns.export_contact"),
    (_("Add to the suppression list"), "campaigns.add_suppression"),
    (_("Suppress whole domains"), "campaigns.suppress_domain"),
    (_("Export and erase all about an address"), "campaigns.erase_address"),
    (_("See email services"), "dispatch.view_emailservice"),
    (_("Set up email services"), "dispatch.change_emailservice"),
    (_("Freeze and test email services"), "dispatch.control_emailservice"),
    (_("Add and change users"), "auth.change_user"),
    (_("Make teams"), "access.change_team"),
)


NAMES = (gettext_noop("campaign manager"), gettext_noop("operator"), gettext_noop("viewer"))
"""Of the roles that every installation begins with."""
DOES: tuple[tuple[str, Any], ...] = (
    ("campaigns.launch_task", _("writes and launches campaigns")),
    ("campaigns.change_contact", _("keeps contacts")),
    ("dispatch.change_emailservice", _("sets up email services")),
    ("campaigns.control_task", _("pauses and cancels campaigns")),
    ("campaigns.decide_subtask", _("decides messages in doubt")),
    ("auth.change_user", _("adds users")),
)


@dataclass(frozen=True, slots=True)
class Line:
    ability: str
    answers: list[bool]
    """In the order of the roles."""


@dataclass(frozen=True, slots=True)
class Table:
    roles: list[str]
    lines: list[Line]


def table() -> Table:
    """Of all roles, by their names. Of the abilities, those that a role has."""
    groups = list(Group.objects.order_by("name").prefetch_related("permissions__content_type"))
    rights = [rights_of_group(group) for group in groups]
    lines = [
        Line(str(ability), [permission in each for each in rights])
        for ability, permission in ABILITIES
    ]
    return Table([named(group) for group in groups], [line for line in lines if any(line.answers)])


def named(group: Group) -> str:
    """In the reader's language, where it is one of ours."""
    return gettext(group.name) if group.name in NAMES else group.name


def in_a_sentence(group: Group) -> str:
    """A role and the most that it lets, read from its permissions."""
    rights = rights_of_group(group)
    does = listed(said for permission, said in DOES if permission in rights)
    words = {"role": named(group), "does": does or gettext("changes nothing")}
    if "campaigns.see_everything" in rights:
        return gettext("%(role)s: %(does)s; sees what every owner has") % words
    return gettext("%(role)s: %(does)s; sees their own and what their teams have") % words


def rights_of_group(group: Group) -> set[str]:
    return {_name(permission) for permission in group.permissions.all()}


def rights_of(user: User) -> set[str]:
    """Also of one who is switched off, and would have them again."""
    of_user = Q(user=user) | Q(group__user=user)
    found = Permission.objects.filter(of_user).select_related("content_type").distinct()
    return {_name(permission) for permission in found}


def _name(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


def may_act_on(actor: User, user: User) -> bool:
    """Whether the actor may change an account: it has no right that the actor lacks. Else a new
    password for it would be a way to these rights."""
    if actor.is_superuser:
        return True
    return not user.is_superuser and rights_of(user) <= rights_of(actor)


def may_change_group(actor: User, group: Group) -> bool:
    return actor.is_superuser or rights_of_group(group) <= rights_of(actor)


def groups_open_to(actor: User) -> QuerySet[Group]:
    """The roles that the actor may give and take."""
    groups = Group.objects.order_by("name").prefetch_related("permissions__content_type")
    if actor.is_superuser:
        return groups
    mine = rights_of(actor)
    return groups.filter(pk__in=[each.pk for each in groups if rights_of_group(each) <= mine])


def permissions_open_to(actor: User) -> QuerySet[Permission]:
    permissions = Permission.objects.select_related("content_type")
    if actor.is_superuser:
        return permissions
    return permissions.filter(Q(user=actor) | Q(group__user=actor)).distinct()
