"""What rows are called on their pages, and what their history looks like."""

from __future__ import annotations

import re

import pytest

from tests.campaigns.admin.staff import SUPERUSER, address, member, page_of, signed_in
from tests.factories import ContactFactory, TagFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("factory", "kind", "name"),
    [
        (TagFactory, "campaigns.tag", {"name": "vip"}),
        (ContactFactory, "campaigns.contact", {"email": "user7@example.org"}),
    ],
)
def test_a_row_is_called_as_its_staff_call_it(
    factory: type[ContactFactory] | type[TagFactory], kind: str, name: dict[str, str]
) -> None:
    row = factory(**name)
    page = page_of(signed_in(member(SUPERUSER)).get(address(kind, "change", row.pk)))
    called = next(iter(name.values()))
    assert f"> {called} <" in page
    assert called.capitalize() not in page


def test_the_history_of_a_row_repeats_no_label_beside_its_cells() -> None:
    user, tag = member(SUPERUSER), TagFactory()
    client = signed_in(user)
    client.post(address("campaigns.tag", "change", tag.pk), {"name": "new", "owner": user.pk})
    page = page_of(client.get(address("campaigns.tag", "history", tag.pk)))
    cells = re.findall(r'<t[hd] class="([^"]*)" data-label', page)
    assert cells and all("lg:before:hidden" in classes.split() for classes in cells)
