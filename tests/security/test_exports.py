"""What goes out to be opened in a spreadsheet, whatever others wrote into it."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO

import pytest

from campaigns.files import suppression_export
from campaigns.files.suppression_import import import_suppressions
from campaigns.models import Suppression
from campaigns.models.contacts import SuppressionReason
from campaigns.operations import files
from tests.campaigns.imports.importing import carried_out, guessed, prepared
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

SOURCES = [
    "a;=1+1;b",
    "a\t=1+1\tb",
    "a|=1+1|b",
    "a,=1+1,b",
    "a\r\n=1+1,x",
    "a\n@SUM(A1)",
    'a";=1+1;"',
    '";=1+1',
    ";=1+1",
    "x' ;-1",
]


def exported() -> str:
    return "".join(suppression_export.lines()).removeprefix("\ufeff")


def is_calculated(cell: str) -> bool:
    """Whether a spreadsheet may take it for a formula, also without the blanks and quotation marks
    in front of it. A single mark makes it text.
    """
    return cell.lstrip(' "\u00a0')[:1] in ("=", "+", "-", "@")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("source", SOURCES)
def test_no_cell_is_a_formula_wherever_a_line_is_split(source: str, delimiter: str) -> None:
    Suppression.objects.create(email="ada@example.com", source=source)
    rows = list(csv.reader(StringIO(exported(), newline=""), delimiter=delimiter))
    assert len(rows) >= 2
    assert not [cell for row in rows for cell in row if is_calculated(cell)]


@pytest.mark.parametrize("source", [each for each in SOURCES if "\n" not in each])
def test_what_went_out_comes_in_but_for_the_marks(source: str) -> None:
    Suppression.objects.create(email="ada@example.com", source=source)
    file = exported()
    Suppression.objects.all().delete()
    import_suppressions(
        BytesIO(file.encode()), reason=SuppressionReason.MANUAL, source="", encoding=None
    )
    row = Suppression.objects.get()
    assert row.email == "ada@example.com"
    assert row.source.replace("'", "").split() == source.replace("'", "").split()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("source", [each for each in SOURCES if "\n" not in each])
def test_no_rejected_row_is_a_formula_wherever_a_line_is_split(source: str, delimiter: str) -> None:
    owner = UserFactory()
    file = StringIO(newline="")
    csv.writer(file).writerows([["email", "=name"], [source, source]])
    raw = file.getvalue().encode()
    operation = prepared(raw, owner, guessed(raw, owner))
    assert carried_out(operation)["rejected"] == 1
    text = files.open_file(operation.files.get(role="rejected")).read().decode("utf-8-sig")
    rows = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter))
    assert not [cell for row in rows for cell in row if is_calculated(cell)]
