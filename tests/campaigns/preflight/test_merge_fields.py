"""Which variables templates read, and for how many contacts each is empty."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Contact, Template
from campaigns.preflight import merge_fields
from tests.factories import ContactFactory


def read_by(html: str, **parts: str) -> list[str]:
    template = Template(**{"subject": "Hi", "html": html, **parts})
    return [".".join(path) for path in merge_fields.read_by(template)]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("{{ first_nam }}", ["first_nam"]),
        ("{{ first_nam | default: 'friend' | upcase }}", ["first_nam"]),
        ("{% if vip %}a{% elsif plan == other %}b{% endif %}", ["vip", "plan", "other"]),
        ("{% unless gone %}a{% endunless %}", ["gone"]),
        ("{% case plan %}{% when 'x' %}a{% endcase %}", ["plan"]),
        ("{% for item in orders %}{{ item.name }}{{ forloop.index }}{% endfor %}", ["orders"]),
        ("{{ address.city }}", ["address.city"]),
        ("{{ contact.first_name }}", ["contact.first_name"]),
        ("{{ ['First Name'] }}", ["First Name"]),
        ("{{ orders.size }}{{ orders[0].title }}", ["orders", "orders.0.title"]),
        ("{{ prices[size] }}", ["prices", "size"]),
        ("{% assign x = source %}{{ x }}", ["source"]),
        ("{% capture x %}{{ inner }}{% endcapture %}{{ x }}", ["inner"]),
        ("{{ price | times: factor }}", ["price", "factor"]),
        ('<a href="https://x.example/?c={{ code }}">x</a>', ["code"]),
        ("<style>p { color: {{ colour }} }</style>", ["colour"]),
        ("{% raw %}{{ shown }}{% endraw %}{% comment %}{{ not }}{% endcomment %}", []),
        ("{{ unsubscribe_url }}{{ web_view_url }}{{ preferences_url }}{{ now }}", []),
        ("{{ never closed", []),
    ],
)
def test_finds_what_a_template_wants_of_a_contact(source: str, names: list[str]) -> None:
    assert read_by(source) == names


def test_finds_it_in_every_part() -> None:
    found = read_by("{{ c }}", subject="{{ a }}", preview_text="{{ b }}", text="{{ d }}{{ a }}")
    assert found == ["a", "b", "c", "d"]


@pytest.mark.django_db
class TestTheReport:
    def report(self, html: str) -> merge_fields.MergeFieldReport:
        return merge_fields.report([Template(subject="Hi", html=html)], Contact.objects.all())

    @pytest.mark.parametrize(
        ("attributes", "is_empty"),
        [
            ({}, True),
            ({"x": ""}, True),
            ({"x": " \n"}, True),
            ({"x": None}, True),
            ({"x": []}, True),
            ({"x": "a"}, False),
            ({"x": 0}, False),
            ({"x": False}, False),
            ({"x": {"y": 1}}, False),
        ],
    )
    def test_knows_what_is_empty(self, attributes: dict[str, Any], is_empty: bool) -> None:
        ContactFactory(attributes=attributes)
        assert self.report("{{ x }}").empty == {("x",): int(is_empty)}

    def test_looks_into_objects_and_lists(self) -> None:
        ContactFactory(attributes={"address": {"city": "Rome"}, "orders": [{"title": "Tea"}]})
        ContactFactory(attributes={"address": {"zip": "1"}, "orders": []})
        found = self.report("{{ address.city }}{{ orders[0].title }}{{ address.size }}")
        assert found.figures == [
            ("{{ address.city }}", "empty for 1 of 2"),
            ("{{ address }}", "never empty"),
            ("{{ orders.0.title }}", "empty for 1 of 2"),
        ]

    def test_counts_a_missing_name_and_never_an_address(self) -> None:
        ContactFactory(name="")
        found = self.report("{{ name }}{{ email }}{{ tracking_consent }}")
        assert list(found.empty.values()) == [1, 0, 0]

    def test_names_what_no_contact_has_and_what_was_perhaps_meant(self) -> None:
        ContactFactory.create_batch(2, attributes={"first_name": "Ada"})
        (warning,) = self.report("{{ first_nam }}{{ first_name }}").warnings
        assert "{{ first_nam }} is empty for all 2 contacts" in warning
        assert "Did you mean {{ first_name }}?" in warning

    @pytest.mark.parametrize(
        ("wrong", "right"),
        [("contact.first_name", "first_name"), ("First_Name", "first_name"), ("nme", "name")],
    )
    def test_proposes_a_name_that_contacts_have(self, wrong: str, right: str) -> None:
        ContactFactory(attributes={"first_name": "Ada"})
        (warning,) = self.report(f"{{{{ {wrong} }}}}").warnings
        assert f"Did you mean {{{{ {right} }}}}?" in warning

    @pytest.mark.parametrize("variable", ["name", "code"])
    def test_does_not_propose_what_is_written_already(self, variable: str) -> None:
        ContactFactory(name="", attributes={"code": ""})
        (warning,) = self.report(f"{{{{ {variable} }}}}").warnings
        assert "Did you mean" not in warning

    def test_is_silent_while_there_are_no_contacts(self) -> None:
        assert self.report("{{ first_nam }}").warnings == []

    def test_is_one_query_for_any_number_of_contacts_and_variables(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        ContactFactory.create_batch(3, attributes={"a": 1, "b": 2, "c": 3})
        with django_assert_num_queries(1):
            found = self.report("{{ a }}{{ b }}{{ c }}{{ name }}")
        assert found.total == 3

    def test_says_how_many_variables_were_too_many(self) -> None:
        ContactFactory()
        found = self.report("".join(f"{{{{ v{n} }}}}" for n in range(60)))
        assert len(found.empty) == 50
        assert "10 more variables could not be looked at." in found.warnings

    def test_before_a_launch_looks_at_the_owners_newest_contacts(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(merge_fields, "NEWEST", 2)
        old = ContactFactory(attributes={"x": "old"})
        ContactFactory.create_batch(2, owner=old.owner)
        ContactFactory(attributes={"x": "of another owner"})
        template = Template(subject="Hi", html="{{ x }}", owner=old.owner)
        assert merge_fields.report_for_owner(template).empty == {("x",): 2}
