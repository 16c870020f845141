"""The list of variables: of the owner's contacts, counted, with an example of each."""

from __future__ import annotations

import pytest

from campaigns.models import Attribute
from campaigns.preflight import variables
from tests.campaigns.admin.staff import MANAGER, NOBODY, VIEWER, address, member, page_of, signed_in
from tests.factories import ContactFactory, TemplateFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_has_how_many_contacts_have_each_and_an_example() -> None:
    owner = UserFactory()
    Attribute.objects.create(owner=owner, key="city", label="Town")
    Attribute.objects.create(owner=UserFactory(), key="secret")
    ContactFactory(owner=owner, name="Ada", attributes={"city": "Rome"})
    ContactFactory(owner=owner, name="Bob", attributes={"city": " "})
    ContactFactory(attributes={"city": "Oslo"})
    found, total = variables.listed(owner.pk)
    by_name = {each.name: each for each in found}
    assert total == 2
    assert (by_name["city"].having, by_name["city"].example) == (1, "Rome")
    assert (by_name["name"].having, by_name["city"].label) == (2, "Town")
    assert by_name["unsubscribe_url"].having is None
    assert "secret" not in by_name
    assert by_name["city"].written == "{{ city }}"


def test_is_there_before_there_are_contacts() -> None:
    found, total = variables.listed(UserFactory().pk)
    assert total == 0
    assert [each.name for each in found][:2] == ["name", "email"]


def test_offers_filters_and_tags_that_templates_may_use() -> None:
    words = variables.words_of(UserFactory().pk)
    assert {"default", "date"} <= set(words["filters"])
    assert {"if", "endif", "for", "endraw"} <= set(words["tags"])
    assert "include" not in words["tags"]


def test_is_for_those_who_see_the_template() -> None:
    template = TemplateFactory()
    ContactFactory(owner=template.owner, name="Ada Byron")
    url = address("campaigns.template", "variables", template.pk)
    assert "Ada Byron" in page_of(signed_in(member(VIEWER)).get(url))
    assert signed_in(member(MANAGER)).get(url).status_code == 404
    assert signed_in(member(NOBODY)).get(url).status_code in (403, 404)
