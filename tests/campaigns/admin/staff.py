"""Who clicks: a superuser, a member of each group, and staff without any permission."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from tests.factories import UserFactory
from tests.responses import ClientResponse

MANAGER, OPERATOR, VIEWER = "campaign manager", "operator", "viewer"
SUPERUSER, NOBODY = "superuser", "staff without permissions"
EVERYBODY = (SUPERUSER, MANAGER, OPERATOR, VIEWER, NOBODY)
CONFIRM = {"confirmed": "yes"}


def member(role: str, **kwargs: Any) -> User:
    user = UserFactory(is_superuser=role == SUPERUSER, **kwargs)
    if role in (MANAGER, OPERATOR, VIEWER):
        user.groups.add(Group.objects.get(name=role))
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(model: str, page: str, *args: Any) -> str:
    """Of an admin page, such as address("campaigns.task", "change", task.pk)."""
    return reverse(f"admin:{model.replace('.', '_')}_{page}", args=args)


def texts(response: ClientResponse) -> str:
    """The messages shown after an action; `response` followed the redirect."""
    return " ".join(str(message) for message in response.context["messages"])


def page_of(response: ClientResponse, status: int = 200) -> str:
    """The page as one line of text, white space made single, answered with this status."""
    assert response.status_code == status
    return " ".join(response.content.decode().split())


def numbers_on(page: str) -> dict[str, str]:
    """The numbers on a page that open a list, by their names."""
    return dict(re.findall(r'data-figure="([^"]*)"[^>]*>([\d,]+)<', page))


def entries(row: Model) -> list[tuple[str, str]]:
    """Who did what to a row, from its history."""
    found = LogEntry.objects.filter(object_id=str(row.pk), content_type__model=row._meta.model_name)
    return [(entry.user.username, entry.get_change_message()) for entry in found.order_by("pk")]
