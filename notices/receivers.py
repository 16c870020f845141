"""Whom an occurrence is told: who may see it. Asked when it is noted, and again when it is sent."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import Q

from access.ownership import owners_open_to
from dispatch.models import EmailService
from notices.models import OF_OPERATORS, PERSONAL, Kind, Notice

RUNS_SERVICES = ("dispatch.view_emailservice", "dispatch.control_emailservice")
"""Who may do both sees what providers said."""
IMPORTS = (Kind.IMPORTED, Kind.IMPORT_FAILED)


def of(notice: Notice) -> list[User]:
    """Those who run email services; else the owner, or the members of the team that owns."""
    if notice.kind in OF_OPERATORS:
        asked = User.objects.with_perm(RUNS_SERVICES[-1])
    else:
        asked = User.objects.filter(Q(pk=notice.owner_id) | Q(teams=notice.owner_id)).distinct()
    found = asked.select_related("profile").order_by("pk")
    return [user for user in found if may_be_told(user, notice)]


def may_be_told(user: User, notice: Notice) -> bool:
    if not (user.is_active and user.is_staff):
        return False
    if notice.kind in PERSONAL:
        return user.pk == notice.owner_id
    if notice.kind in OF_OPERATORS:
        visible = EmailService.objects.visible_to(user).filter(pk=notice.about or 0)
        return user.has_perms(RUNS_SERVICES) and visible.exists()
    right = "campaigns.view_operation" if notice.kind in IMPORTS else "campaigns.view_task"
    return user.has_perm(right) and notice.owner_id in owners_open_to(user.pk)


def kinds_of(user: User) -> list[Kind]:
    """What a user can choose to be told."""
    runs_services = user.has_perms(RUNS_SERVICES)
    return [
        kind
        for kind in Kind
        if kind not in PERSONAL and (runs_services or kind not in OF_OPERATORS)
    ]
