"""The choice of an owner is there for those who have one, superusers too."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from admin_kit.owners import OwnerFilter
from campaigns.models import Tag
from tests.campaigns.admin.staff import SUPERUSER, address, member, page_of, signed_in
from tests.factories import TagFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db

LIST, ADD = address("campaigns.tag", "changelist"), address("campaigns.tag", "add")
STEP = address("campaigns.task", "add")
FIELD = 'name="owner"'


@pytest.fixture
def superuser() -> User:
    return member(SUPERUSER)


def shown_in_list(client: Client) -> tuple[bool, bool]:
    """Whether there is the column of owners, and the filter by them."""
    shown = client.get(LIST).context["cl"]
    return "owner" in shown.list_display, any(
        isinstance(each, OwnerFilter) for each in shown.filter_specs
    )


def test_a_lone_superuser_sees_no_owners(superuser: User) -> None:
    client = signed_in(superuser)
    assert shown_in_list(client) == (False, False)
    assert FIELD not in page_of(client.get(ADD))
    assert FIELD not in page_of(client.get(STEP))


def test_what_a_lone_superuser_makes_is_the_users(superuser: User) -> None:
    other_id = superuser.pk + 1
    signed_in(superuser).post(ADD, {"name": "press", "owner": other_id})
    assert Tag.objects.get(name="press").owner == superuser


@pytest.mark.parametrize("is_active", [True, False])
def test_a_superuser_with_another_account_beside_chooses(superuser: User, is_active: bool) -> None:
    UserFactory(is_active=is_active)
    client = signed_in(superuser)
    assert shown_in_list(client) == (True, True)
    assert FIELD in page_of(client.get(ADD)) and FIELD in page_of(client.get(STEP))


def test_a_superuser_with_a_team_chooses(superuser: User) -> None:
    TeamFactory()
    assert FIELD in page_of(signed_in(superuser).get(ADD))


def test_that_is_looked_up_once_in_a_request(superuser: User) -> None:
    client = signed_in(superuser)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page_of(client.get(ADD))
    asked = [query for query in queries if "LIMIT 2" in query["sql"]]
    assert len([query for query in asked if 'FROM "auth_user"' in query["sql"]]) == 1


def test_a_form_from_before_there_was_a_choice_is_shown_again_with_its_owner(
    superuser: User,
) -> None:
    UserFactory(username="a-colleague")
    page = page_of(signed_in(superuser).post(ADD, {"name": "press"}))
    assert f'<option value="{superuser.pk}" selected>' in page
    assert not Tag.objects.exists()


def test_so_is_one_of_a_row_that_another_owns(superuser: User) -> None:
    colleague = UserFactory(username="a-colleague")
    tag = TagFactory(owner=colleague)
    url = address("campaigns.tag", "change", tag.pk)
    page = page_of(signed_in(superuser).post(url, {"name": "press"}))
    assert f'<option value="{colleague.pk}" selected>' in page
