"""Who clicks: a superuser, a member of each group, and staff without any permission."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.test import Client

from tests.factories import UserFactory

MANAGER, OPERATOR, VIEWER = "campaign manager", "operator", "viewer"
SUPERUSER, NOBODY = "superuser", "staff without permissions"
EVERYBODY = (SUPERUSER, MANAGER, OPERATOR, VIEWER, NOBODY)
CONFIRM = {"confirmed": "yes"}


def member(role: str, **kwargs: Any) -> Any:
    user = UserFactory(is_superuser=role == SUPERUSER, **kwargs)
    if role in (MANAGER, OPERATOR, VIEWER):
        user.groups.add(Group.objects.get(name=role))
    return user


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def texts(response: Any) -> str:
    """The messages shown after an action; `response` followed the redirect."""
    return " ".join(str(message) for message in response.context["messages"])
