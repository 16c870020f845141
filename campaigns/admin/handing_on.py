"""Why a row cannot be handed on to another owner: what refers to it and stays with the old one."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from admin_kit.base import Visitor, visible_rows
from campaigns.admin.uses import MOST, NOT_LAUNCHED
from campaigns.models import Segment, Tag, Task
from campaigns.segments import uses
from campaigns.wording import filled, sentences

TASK_STAYS = _("Hand the campaign on first, or take this out of it.")


def tasks_that_keep(
    row: Any, owner: User, user: Visitor, *fields: str, of_teams: bool = False
) -> list[str]:
    """The tasks not launched that refer to the row by these fields, and whose owner could not use
    it then. A row `of_teams` may be used by the members of the team that owns it."""
    keeping = Task.objects.filter(status__in=NOT_LAUNCHED).exclude(owner=owner)
    if of_teams:
        keeping = keeping.exclude(owner__teams=owner.pk)
    ids = {pk for f in fields for pk in keeping.filter(**{f: row.pk}).values_list("pk", flat=True)}
    return _told(Task.objects.filter(pk__in=ids), user)


def segments_that_keep(row: Tag | Segment) -> list[str]:
    """The segments of its owner that name the row."""
    return [
        gettext("The segment “%(each)s” uses it, and stays.") % {"each": each}
        for each in uses.segments_using(row)
    ]


def _told(tasks: QuerySet[Task], user: Visitor) -> list[str]:
    """By name where the user may see them."""
    visible = list(visible_rows(tasks, user).order_by("-pk")[:MOST])
    lines = [
        sentences(gettext("The campaign “%(task)s” uses it.") % {"task": task}, TASK_STAYS)
        for task in visible
    ]
    if more := tasks.count() - len(visible):
        told = ngettext(
            "%(count)s more campaign of others would lose it.",
            "%(count)s more campaigns of others would lose it.",
            more,
        )
        lines.append(filled(told, more))
    return lines
