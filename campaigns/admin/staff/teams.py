"""Admin pages for teams of staff, who share rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from access.models import Team
from access.ownership import owners_open_to, sees_everything
from admin_kit.base import SafeAdmin
from campaigns.admin.changes import ExplainedChanges
from campaigns.admin.staff.users import owned_by


@admin.register(Team)
class TeamAdmin(ExplainedChanges, SafeAdmin):
    list_display = ("name", "number_of_members")
    search_fields = ("name",)
    search_help_text = _("Part of a name")
    fields = ("name", "members")
    searchable_fields = ("members",)  # also for who may not see accounts
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        """To join a team opens its rows: who does not see everything has the own teams alone."""
        teams: QuerySet[Team] = super().get_queryset(request)
        if not sees_everything(request.user):
            teams = teams.filter(pk__in=owners_open_to(request.user.pk))
        return teams.annotate(size=Count("members"))

    @admin.display(description=_("members"))
    def number_of_members(self, team: Any) -> int:
        return int(team.size)

    def uses_of(self, objects: Sequence[Team], request: HttpRequest) -> list[str]:
        """Deletion would cascade to the team's contacts."""
        lines = [line for team in objects for line in owned_by(team.account, request.user)]
        return (
            [*lines, gettext("Hand these on first, or take its members out instead.")]
            if lines
            else []
        )

    def deletion_of(self, objects: Sequence[Team], request: HttpRequest) -> tuple[Any, ...]:
        return [str(team) for team in objects], {}, set(), []
