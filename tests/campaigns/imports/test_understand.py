"""What a file is understood to be before it is imported."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from campaigns.files.row_errors import FileImportError
from campaigns.imports.reading.types import guessed
from campaigns.imports.settings import (
    ColumnSettings,
    DayOrder,
    ImportSettings,
    Meaning,
    Understanding,
)
from campaigns.imports.understanding.understand import understand
from campaigns.models import Attribute
from tests.campaigns.imports.importing import imported, numbers_of
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parents[2] / "data"


@pytest.fixture
def owner() -> User:
    return UserFactory()


def understood(raw: bytes, owner: User, **settings: Any) -> Understanding:
    return understand(BytesIO(raw), "list.csv", owner, ImportSettings(**settings))


def meanings(found: Understanding) -> list[str]:
    return [column.meaning.value for column in found.settings.columns]


def test_columns_have_meanings(owner: User) -> None:
    raw = b"E-Mail;Name;Tags;Opt-in;Optin Time;Status;City;\n" + b"a@b.example;;;;;;;\n"
    assert meanings(understood(raw, owner)) == [
        "address", "name", "tags", "consent", "consent_at", "status", "attribute",
    ]  # fmt: skip


def test_the_first_rows_are_as_they_will_come_in(owner: User) -> None:
    raw = b"email,ltv,name\n ANN@b.example ,1.50, Ann  Lee \nbad,2,Bob\neve@b.example,3,\n"
    rows = understood(raw, owner).sample
    assert rows[0].cells == ("ann@b.example", "1.5", "Ann Lee")
    assert (rows[1].line, rows[1].problem) == (3, "An email address must have an @-sign.")


def test_a_title_before_the_headings_is_passed_over(owner: User) -> None:
    raw = b"My list\n\nName;E-Mail;City\nAnn;a@b.example;Bern\n"
    found = understood(raw, owner)
    assert (found.settings.header_line, found.settings.delimiter) == (3, ";")
    assert found.sample[0].cells == ("Ann", "a@b.example", "Bern")
    assert numbers_of(imported(raw, owner)) == [1, 0, 0, 0, 0]


def test_a_file_without_headings_is_understood(owner: User) -> None:
    raw = b"Ann;a@b.example\nBob;b@b.example\n"
    found = understood(raw, owner)
    assert found.settings.header_line == 0
    assert [column.heading for column in found.settings.columns] == ["Column 1", "Column 2"]
    assert meanings(found) == ["attribute", "address"]
    assert numbers_of(imported(raw, owner)) == [2, 0, 0, 0, 0]


def test_the_addresses_are_found_where_no_heading_says_so(owner: User) -> None:
    assert meanings(understood(b"Kunde,Wohin\nAnn,a@b.example\n", owner)) == [
        "attribute",
        "address",
    ]


def test_without_addresses_there_is_a_problem(owner: User) -> None:
    found = understood(b"name,city\nAnn,Bern\n", owner)
    assert found.problem == "Choose the column that has the email addresses."


def test_what_staff_changed_is_taken(owner: User) -> None:
    raw = b"email;x\na@b.example;1\n"
    columns = (ColumnSettings("email", Meaning.ADDRESS), ColumnSettings("x", Meaning.IGNORED))
    found = understood(raw, owner, columns=columns)
    assert found.settings.columns == columns
    assert found.sample[0].cells == ("a@b.example", "1")


def test_a_column_without_a_heading_shows_what_is_in_it(owner: User) -> None:
    found = understood(b"email,,city\na@b.example,Ann,Bern\n", owner)
    assert meanings(found) == ["address", "ignored", "attribute"]
    assert found.sample[0].cells == ("a@b.example", "Ann", "Bern")


def test_a_column_made_one_of_choices_has_those_of_its_cells(owner: User) -> None:
    columns = (
        ColumnSettings("email", Meaning.ADDRESS),
        ColumnSettings("plan", key="plan", kind="choice"),
    )
    raw = b"email,plan\na@b.example,pro\nb@b.example,Free\nc@b.example,PRO\n"
    assert understood(raw, owner, columns=columns).settings.columns[1].choices == ("Free", "pro")


def test_the_type_that_the_owner_has_chosen_wins(owner: User) -> None:
    Attribute.objects.create(owner=owner, key="ltv", kind="text")
    found = understood(b"email,ltv\na@b.example,1.5\n", owner)
    assert (found.settings.columns[1].kind, found.existing_kinds) == ("text", ("ltv",))


@pytest.mark.parametrize("key", ["email", "tags", "unsubscribe_url", "edm_view", "if"])
def test_an_attribute_has_no_name_that_templates_use(key: str) -> None:
    columns = (ColumnSettings("a", Meaning.ADDRESS), ColumnSettings("b", key=key))
    (told,) = ImportSettings(columns=columns).problems()
    assert f"“{key}”" in told


def test_settings_survive_json(owner: User) -> None:
    settings = understood(b"email,d,ltv\na@b.example,13/04/2026,\n", owner).settings
    assert ImportSettings.from_params({**settings.to_params(), "file_of": 3}) == settings


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2.5"], "number"),
        (["19,34", "5"], "number"),
        (["1.234", "5"], "text"),
        (["1,234.50"], "number"),
        (["007", "12"], "text"),
        (["+41791234567"], "text"),
        (["1234567890123456"], "text"),
        (["1e5"], "text"),
        (["2026-01-02", "2026-1-3"], "date"),
        (["13/04/2026", "01/02/2026"], "date"),
        (["03/04/2026"], "text"),
        (["3.4.2026"], "date"),
        (["2026-01-02", "1/2/2026"], "text"),
        (["2024-02-30"], "text"),
        (["yes", "No"], "yes_no"),
        (["1", "0"], "number"),
        (["S", "M", "L"], "text"),
        (["gold", "Silver"] * 10, "choice"),
        (["", " "], "text"),
    ],
)
def test_a_type_is_that_of_all_cells(cells: list[str], kind: str) -> None:
    assert guessed(ColumnSettings("x", key="x"), cells)[0].kind == kind


@pytest.mark.parametrize("heading", ["customer id", "ZIP", "Phone", "orderNo", "邮编"])
def test_what_is_called_an_id_is_no_number(heading: str) -> None:
    assert guessed(ColumnSettings(heading, key="x"), ["8001", "3000"])[0].kind == "text"


@pytest.mark.parametrize(
    ("cells", "order"),
    [(["13/04/2026", "01/02/2026"], DayOrder.DAY_FIRST), (["04/13/2026"], DayOrder.MONTH_FIRST)],
)
def test_the_order_of_day_and_month_is_decided_by_evidence(
    cells: list[str], order: DayOrder
) -> None:
    assert guessed(ColumnSettings("d", key="d"), cells)[0].day_order is order


def test_what_is_not_clear_is_said() -> None:
    note = guessed(ColumnSettings("d", key="d"), ["03/04/2026"])[1]
    assert "not clear whether the day or the month comes first" in note


class TestTheSamples:
    def test_the_messy_one_comes_in_with_types(self, owner: User) -> None:
        raw = (DATA / "contacts_messy.csv").read_bytes()
        result = imported(raw, owner)
        assert numbers_of(result) == [11_567, 0, 0, 244, 189]
        kinds = dict(Attribute.objects.filter(owner=owner).values_list("key", "kind"))
        assert kinds["ltv"] == "number"
        assert imported(raw, owner, dry_run=True)["unchanged"] == 11_567

    def test_the_chinese_one_is_read_as_gb18030(self, owner: User) -> None:
        raw = (DATA / "contacts_gbk.csv").read_bytes()
        assert understood(raw, owner).settings.encoding == "gb18030"
        assert numbers_of(imported(raw, owner)) == [300, 0, 0, 0, 0]


def test_a_file_that_is_no_table_is_refused_with_a_sentence(owner: User) -> None:
    with pytest.raises(FileImportError, match="empty"):
        understood(b"", owner)


def test_the_first_rows_show_which_values_are_none_of_the_choices_that_there_are(
    owner: User,
) -> None:
    Attribute.objects.create(owner=owner, key="city", kind="choice", choices=["Bern"])
    found = understood(b"email,city\na@b.example,Bern\nc@b.example,Basel\n", owner)
    assert [row.cells[1] for row in found.sample] == ["Bern", "Basel"]
    assert [row.problems for row in found.sample] == [
        (),
        (
            (
                1,
                "The row came in without city: “Basel” is none of the choices. "
                "Add it to the attribute, and import the file again.",
            ),
        ),
    ]
