"""An operation as pages show it: how far it is, what came of it, its files.

Any page can show one: include "admin/campaigns/operations/progress.html" with a Work in the context
as `work`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext

from access.ownership import is_team, owners_open_to, sees_everything
from admin_kit.base import Visitor
from admin_kit.typed import Colours
from campaigns import background, wording
from campaigns.admin.operations.results import Told, told
from campaigns.models import Operation, OperationKind, OperationState, StoredFile
from campaigns.operations import files, progress, running
from campaigns.wording import filled, listed

S = OperationState
COLOURS = Colours(
    {
        S.PREPARING.label: "",
        S.QUEUED.label: "info",
        S.RUNNING.label: "primary",
        S.CANCELLING.label: "warning",
        S.DONE.label: "success",
        S.FAILED.label: "danger",
        S.CANCELLED.label: "warning",
    }
)
CANCEL_ANY = "campaigns.change_operation"
MAY_DOWNLOAD = {OperationKind.EXPORT: "campaigns.export_contact"}
"""What it takes to download files of a kind, beside being the one they were made for."""


@dataclass(frozen=True, slots=True)
class Download:
    name: str
    size: int
    url: str
    expires_at: dt.datetime | None


class Work:
    """For one user, who may not be allowed to cancel it or to have its files."""

    def __init__(self, operation: Operation, user: Visitor) -> None:
        self.operation = operation
        self.user = user

    @property
    def url(self) -> str:
        """The URL to poll, with the known state: the end reloads the whole page."""
        address = reverse("admin:campaigns_operation_progress", args=[self.operation.pk])
        return f"{address}?{urlencode({'state': self.operation.state})}"

    @property
    def page_url(self) -> str:
        return reverse("admin:campaigns_operation_change", args=[self.operation.pk])

    @property
    def cancel_url(self) -> str:
        may = may_cancel(self.operation, self.user)
        return reverse("admin:campaigns_operation_cancel", args=[self.operation.pk]) if may else ""

    @property
    def refreshes(self) -> bool:
        return self.operation.is_open

    @property
    def state(self) -> str:
        return str(self.operation.get_state_display())

    @property
    def colour(self) -> str:
        return COLOURS[self.state]

    @property
    def percent(self) -> int:
        return progress.percent(self.operation)

    @property
    def rows(self) -> str:
        """Such as “1,200 of 5,000 rows”; "" before the first."""
        done, total = self.operation.done, self.operation.total
        if total is None:
            return wording.rows(done) if done else ""
        return gettext("%(done)s of %(rows)s") % {"done": f"{done:,}", "rows": wording.rows(total)}

    @property
    def pace(self) -> str:
        """Such as “4,000 rows/s, about 3 minutes left”, while it runs."""
        speed = progress.speed(self.operation)
        if speed is None or self.operation.state != S.RUNNING:
            return ""
        per_second = gettext("%(per_second)s rows/s") % {"per_second": f"{speed.per_second:,.0f}"}
        if speed.seconds_left is None:
            return per_second
        return listed([per_second, time_left(speed.seconds_left)])

    @cached_property
    def trouble(self) -> str:
        """Why it waits, or why the last attempt failed of one that is tried again; "" else."""
        if not self.operation.is_open or self.operation.problem:
            return self.operation.problem if self.operation.is_open else ""
        failed = background.failures(running.KIND, self.operation.pk)
        if failed is None:
            return ""
        attempts = gettext("%(attempts)s of %(most)s attempts") % {
            "attempts": failed.attempts,
            "most": background.MOST_ATTEMPTS,
        }
        return gettext("It failed (%(attempts)s) and is tried again. %(reason)s") % {
            "attempts": attempts,
            "reason": failed.reason,
        }

    @cached_property
    def told(self) -> Told:
        return told(self.operation)

    @cached_property
    def files(self) -> Sequence[Download]:
        """Of what has ended: a file may not be complete before."""
        if self.operation.is_open or not may_download(self.operation, self.user):
            return []
        return [
            Download(file.name, file.size, file_url(file), file.expires_at)
            for file in kept_files(self.operation).order_by("pk")
        ]


def kept_files(operation: Operation) -> QuerySet[StoredFile]:
    """Those that have not expired, also when they are not deleted yet."""
    shown = operation.files.exclude(role__startswith=files.HIDDEN)
    return shown.filter(Q(expires_at=None) | Q(expires_at__gt=Now()))


def file_url(file: StoredFile) -> str:
    return reverse("admin:campaigns_operation_file", args=[file.operation_id, file.role])


def is_own(operation: Operation, user: Visitor) -> bool:
    """Whether it is about rows that are the user's or a team's of the user, or the user started it;
    but not on the rows of a team that the user has left."""
    if operation.owner_id in owners_open_to(user.pk):
        return True
    started = user.pk is not None and user.pk == operation.requested_by_id
    return started and (sees_everything(user) or not is_team(operation.owner_id))


def has_right_to_cancel(operation: Operation, user: Visitor) -> bool:
    return is_own(operation, user) or user.has_perm(CANCEL_ANY)


def may_cancel(operation: Operation, user: Visitor) -> bool:
    is_before_its_end = operation.state in (S.PREPARING, S.QUEUED, S.RUNNING)
    return is_before_its_end and has_right_to_cancel(operation, user)


def may_download(operation: Operation, user: Visitor) -> bool:
    needed = MAY_DOWNLOAD.get(OperationKind(operation.kind))
    return is_own(operation, user) and (needed is None or user.has_perm(needed))


def time_left(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return gettext("less than a minute left")
    if minutes < 90:
        text = ngettext("about %(count)s minute left", "about %(count)s minutes left", minutes)
        return filled(text, minutes)
    hours = round(minutes / 60)
    return filled(ngettext("about %(count)s hour left", "about %(count)s hours left", hours), hours)
