"""Querysets of the rows that a staff member may see: their own, and those of their teams."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Self

from django.contrib.auth.models import (
    AbstractBaseUser,
    AnonymousUser,
    PermissionsMixin,
)
from django.contrib.auth.models import User as Account
from django.db import models

from access.models import Team

SEE_EVERYTHING = "campaigns.see_everything"


User = AbstractBaseUser | AnonymousUser | PermissionsMixin


def sees_everything(user: User) -> bool:
    return isinstance(user, PermissionsMixin) and user.has_perm(SEE_EVERYTHING)


def owners_open_to(user_id: int | None) -> list[int]:
    """The keys of the owners whose rows a user may use: the user's own and those of the user's
    teams. Of a team's account, only itself.

    As values, looked up now, within a request once: with a subquery PostgreSQL cannot tell how many
    rows they have.
    """
    known = _looked_up.get()
    if known is None:
        return _owners_open_to(user_id)
    if user_id not in known:
        known[user_id] = _owners_open_to(user_id)
    return list(known[user_id])


def _owners_open_to(user_id: int | None) -> list[int]:
    own = [] if user_id is None else [user_id]
    teams = Team.objects.filter(members=user_id).order_by("pk")
    return [*own, *teams.values_list("pk", flat=True)]


_looked_up: ContextVar[dict[int | None, list[int]] | None] = ContextVar("looked_up", default=None)


@contextmanager
def looked_up_once() -> Iterator[None]:
    """Within the block the owners that are open to a user are looked up once."""
    token = _looked_up.set({})
    try:
        yield
    finally:
        _looked_up.reset(token)


def choosable_owners(user: User) -> models.QuerySet[Account]:
    """Those to whom a user may give a row."""
    owners = Account.objects.order_by("username")
    return owners if sees_everything(user) else owners.filter(pk__in=owners_open_to(user.pk))


def is_team(owner_id: int) -> bool:
    return Team.objects.filter(pk=owner_id).exists()


class OwnedQuerySet(models.QuerySet):  # type: ignore[type-arg]
    """Rows that belong to an owner, directly or through the relation in `owner_path`."""

    owner_path = "owner"

    def visible_to(self, user: User) -> Self:
        """All rows for users who may see everything, else only the user's own and those of the
        user's teams."""
        if sees_everything(user):
            return self
        return self.filter(**{f"{self.owner_path}__in": owners_open_to(user.pk)})
