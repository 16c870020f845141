"""Querysets of the rows that a staff member may see."""

from __future__ import annotations

from typing import Self

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.db import models

SEE_EVERYTHING = "campaigns.see_everything"


User = AbstractBaseUser | AnonymousUser | PermissionsMixin


def sees_everything(user: User) -> bool:
    return isinstance(user, PermissionsMixin) and user.has_perm(SEE_EVERYTHING)


class OwnedQuerySet(models.QuerySet):  # type: ignore[type-arg]
    """Rows that belong to an owner, directly or through the relation in `owner_path`."""

    owner_path = "owner"

    def visible_to(self, user: User) -> Self:
        """All rows for users who may see everything, else only the user's own."""
        return self if sees_everything(user) else self.filter(**{self.owner_path: user.pk})
