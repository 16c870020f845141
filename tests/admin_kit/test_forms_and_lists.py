"""What every form and list of the admin keeps to."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from campaigns.models import Attribute
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
HIDDEN_BY_CONTROLS = {
    "attributes", "children", "childNodes", "elements", "getAttribute", "hasAttribute", "id",
    "innerHTML", "length", "matches", "method", "nodeName", "parentNode", "querySelector",
    "removeAttribute", "setAttribute", "submit", "tagName",
}  # fmt: skip
"""Of a form element, what scripts read: a control of that name would stand in its place."""


@pytest.fixture
def superuser() -> User:
    return UserFactory(is_staff=True, is_superuser=True)


@pytest.fixture
def staff(client: Client, superuser: User) -> Client:
    client.force_login(superuser)
    return client


def current_entries(page: str) -> list[str]:
    """The entries of the sidebar that are marked as where one is."""
    links = re.findall(r'<a href="([^"]+)" aria-current="page" class="[^"]* active">', page)
    return [str(link) for link in links]


def test_no_control_hides_what_scripts_read_of_a_form(staff: Client, superuser: User) -> None:
    Attribute.objects.create(owner=superuser, key="city")
    names: set[str] = set()
    for model in admin.site._registry:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
        response = staff.get(address)
        if response.status_code == 200:
            names |= set(
                re.findall(r'<(?:input|select|textarea)[^>]* name="([^"]+)"', response.text)
            )
    assert "asked_attributes" in names
    assert names & HIDDEN_BY_CONTROLS == set()


@pytest.mark.parametrize(
    ("page", "entry"),
    [
        ("campaigns_contact_changelist", "campaigns_contact_changelist"),
        ("campaigns_contact_add", "campaigns_contact_changelist"),
        ("campaigns_contact_imports", "campaigns_contact_imports"),
        ("campaigns_contact_import_file", "campaigns_contact_imports"),
    ],
)
def test_one_entry_of_the_sidebar_is_current(staff: Client, page: str, entry: str) -> None:
    shown = staff.get(reverse(f"admin:{page}")).text
    assert set(current_entries(shown)) == {reverse(f"admin:{entry}")}


@pytest.mark.parametrize(
    ("asked", "entry"),
    [
        ("?variant=1", "campaigns_task"),
        ("?template=1", "campaigns_template"),
        ("", "dispatch_emailservice"),
    ],
)
def test_a_test_mail_belongs_to_what_is_tested(staff: Client, asked: str, entry: str) -> None:
    shown = staff.get(reverse("admin:dispatch_emailservice_test_mail") + asked).text
    assert set(current_entries(shown)) == {reverse(f"admin:{entry}_changelist")}


@pytest.mark.parametrize(
    ("page", "opened"),
    [
        ("campaigns_contact_changelist", []),
        ("campaigns_brand_changelist", ["Content"]),
        ("auth_user_changelist", ["Staff"]),
    ],
)
def test_the_folded_group_of_the_page_alone_is_open(
    staff: Client, page: str, opened: list[str]
) -> None:
    shown = staff.get(reverse(f"admin:{page}")).text
    buttons = re.findall(r'<button[^>]* aria-expanded="(true|false)"[^>]*>\s*(\w+)\s*<span', shown)
    groups = {name: state for state, name in buttons}
    assert set(groups) >= {"Content", "Data", "Logs", "Staff"}
    assert [name for name, state in groups.items() if state == "true"] == opened


def test_an_empty_list_says_what_stands_there(staff: Client) -> None:
    page = staff.get(reverse("admin:campaigns_segment_changelist")).text
    assert "A segment is a condition with a name" in page
    searched = staff.get(reverse("admin:campaigns_segment_changelist"), {"q": "x"}).text
    assert "Nothing matches this search" in searched


def test_a_selection_of_keys_of_any_length_is_refused(staff: Client) -> None:
    url = reverse("admin:campaigns_tag_changelist")
    form = {"action": "delete_selected", "_selected_action": "1" * 5000, "post": "yes"}
    page = staff.post(url, form, follow=True).content.decode()
    assert "The selection cannot be read. Nothing was changed." in page
