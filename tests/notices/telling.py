"""Makers and readers that the tests of notices share."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.models import User
from django.db.models.functions import Now

from notices import looking, outbox
from notices.models import Delivery, Kind, Notice
from tests.campaigns.admin.staff import MANAGER, OPERATOR, member

AT = dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.UTC)
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def ada(**values: object) -> User:
    """A campaign manager."""
    return member(MANAGER, **{"username": "ada", "email": "ada@example.com", **values})


def grace(**values: object) -> User:
    """An operator."""
    return member(OPERATOR, **{"username": "grace", "email": "grace@example.com", **values})


def told() -> list[tuple[str, str]]:
    """Kinds and the names of their receivers, in their order, after a look."""
    looking.look_now()
    rows = Delivery.objects.select_related("notice", "user").order_by("pk")
    return [(row.notice.kind, row.user.username) for row in rows]


def note(owner: User, name: str = "Spring", kind: Kind = Kind.FINISHED) -> bool:
    path = "/admin/campaigns/task/1/change/"
    return outbox.record(
        Notice(kind=kind, key=f"{kind}:{name}", owner=owner, about=1, happened_at=AT,
               facts={"name": name}, path=path)
    )  # fmt: skip


def make_due() -> None:
    Delivery.objects.filter(state="waiting").update(next_try_at=Now())
