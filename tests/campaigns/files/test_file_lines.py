"""Every line of a file is accounted for, whatever its quotation marks."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from campaigns.files.suppression_import import import_suppressions
from campaigns.imports.report import ImportReport
from campaigns.imports.writing.contacts import import_contacts
from campaigns.models import Contact, Suppression
from tests.security.files import read_contacts

ADDRESS = re.compile(r"r\d+@b\.example")
# Between the parts of a line: what comes before, around and after the cells of sane and broken files.
BEFORE = st.sampled_from(["", " ", '"', ' "', '""', '\\"', '"x\n', '"x",'])
AFTER = st.sampled_from(["", " ", '"', '" ', '""', '\\"', '"x"', '\n"', '\nx"', ',"'])
ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n\n"])
PIECES = st.lists(st.tuples(BEFORE, AFTER, BEFORE, AFTER, ENDS), min_size=1, max_size=8)


def file_of(pieces: list[tuple[str, str, str, str, str]]) -> str:
    rows = [
        f"{a}r{number}@b.example{b},{c}Ann{d}{end}"
        for number, (a, b, c, d, end) in enumerate(pieces)
    ]
    return "email,name\n" + "".join(rows)


class TestNobodyVanishes(TestCase):
    @given(PIECES)
    @settings(max_examples=150, suppress_health_check=list(HealthCheck))
    def test_from_a_list_of_contacts(self, pieces: list[tuple[str, str, str, str, str]]) -> None:
        text = file_of(pieces)
        owner = User.objects.create_user("ann")
        report = import_contacts(BytesIO(text.encode()), owner)
        told = " ".join(p.value for p in [*report.rejected, *report.ignored])
        stored = set(Contact.objects.values_list("email", flat=True))
        assert set(ADDRESS.findall(text)) == stored | set(ADDRESS.findall(told))

    @given(PIECES)
    @settings(max_examples=150, suppress_health_check=list(HealthCheck))
    def test_from_a_suppression_list(self, pieces: list[tuple[str, str, str, str, str]]) -> None:
        text = file_of(pieces)
        report = import_suppressions(BytesIO(text.encode()))
        told = " ".join(p.value for p in [*report.rejected, *report.ignored])
        stored = set(Suppression.objects.values_list("email", flat=True))
        assert set(ADDRESS.findall(text)) <= stored | set(ADDRESS.findall(told))

    @given(PIECES)
    @settings(max_examples=150, suppress_health_check=list(HealthCheck))
    def test_no_line_is_counted_twice(self, pieces: list[tuple[str, str, str, str, str]]) -> None:
        text = file_of(pieces)
        report = read_contacts(text.encode())
        physical = len(re.split(r"\r\n|\r|\n", text)) - 1
        lines = [problem.line for problem in report.rejected]
        assert len(lines) == len(set(lines))
        assert report.created + len(lines) <= physical - 1


def read(*lines: str) -> ImportReport:
    return read_contacts("\n".join(["email,name,city", *lines, ""]).encode())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('a@b.example, "Lee, Ann" ,Bern', "Lee, Ann"),
        ('a@b.example,"Lee, Ann" ,Bern', "Lee, Ann"),
        ('a@b.example,\t"Lee, Ann",Bern', "Lee, Ann"),
        (r'a@b.example,"Ann \"Annie\" Lee",Bern', 'Ann "Annie" Lee'),
        (r'a@b.example,"\"Annie\"",Bern', '"Annie"'),
        ('a@b.example,"Ann "Annie" Lee",Bern', 'Ann "Annie" Lee'),
        ('a@b.example,Ann "Annie" Lee,Bern', 'Ann "Annie" Lee'),
        ('a@b.example,"Ann ""Annie"" Lee",Bern', 'Ann "Annie" Lee'),
        ('a@b.example,Ann 5",Bern', 'Ann 5"'),
        ('a@b.example,"Ann\nLee",Bern', "Ann Lee"),
    ],
)
def test_quotation_marks_are_understood_where_they_are_clear(line: str, name: str) -> None:
    owner = User.objects.create_user("ann")
    raw = f"email,name,city\n{line}\n".encode()
    assert import_contacts(BytesIO(raw), owner).created == 1
    assert Contact.objects.get().name == name


@pytest.mark.parametrize(
    "lines",
    [
        ['a@b.example,"Ann', "b@b.example,Bob", 'c@b.example,"Carl"'],
        ['a@b.example,"Ann', 'b@b.example,Bob"'],
        ['a@b.example,Ann said "hi, there"'],
        ['a@b.example,"Ann "A, B"'],
        ['a@b.example,"Ann'],
    ],
)
def test_each_line_that_is_not_clear_is_rejected_with_its_number(lines: list[str]) -> None:
    report = read("y@b.example,Yo,Bern", *lines)
    assert report.created == 1
    assert [problem.line for problem in report.rejected] == list(range(3, 3 + len(lines)))


def test_a_name_that_goes_on_in_what_looks_like_a_row_is_rejected_with_all_of_its_lines() -> None:
    (problem,) = read('a@b.example,"Ann', "Lee, and more", 'Bern"').rejected
    assert problem.line == 2
    assert "goes on to line 4" in problem.reason


def test_a_row_after_those_that_are_not_clear_comes_in() -> None:
    report = read('a@b.example,"Ann', 'b@b.example,"Bob",Bern', "c@b.example,Carl,Bern")
    assert (report.created, len(report.rejected)) == (1, 2)


@pytest.mark.django_db
def test_the_lines_of_a_row_without_any_value_are_blank_lines() -> None:
    raw = b'email,name\n"\n\n",\na@b.example,x\n\n'
    assert "Blank lines or rows without any value: 4." in import_suppressions(BytesIO(raw)).notes


@pytest.mark.django_db
class TestASuppressionList:
    def load(self, raw: str, **options: bool) -> set[str]:
        import_suppressions(BytesIO(raw.encode()), **options)  # type: ignore[arg-type]
        return set(Suppression.objects.values_list("email", flat=True))

    def test_has_everybody_in_whose_line_a_mark_is_not_closed(self) -> None:
        raw = 'email,reason\na@b.example,"spam\nb@b.example,spam\nc@b.example,"spam"\n'
        assert self.load(raw) == {"a@b.example", "b@b.example", "c@b.example"}

    def test_has_those_whose_rows_stand_within_a_cell(self) -> None:
        raw = 'email,reason\na@b.example,"spam\nb@b.example,bounce\nc@b.example,x"\n'
        assert self.load(raw) == {"a@b.example", "b@b.example", "c@b.example"}

    def test_has_the_domains_whose_rows_stand_within_a_cell(self) -> None:
        raw = 'domain,reason\na.example,"spam\nb.example,x"\n'
        assert self.load(raw, domains=True) == {"@a.example", "@b.example"}

    def test_has_a_row_of_several_lines_once(self) -> None:
        raw = b'email,note\na@b.example,"Ask\nthe manual"\n'
        report = import_suppressions(BytesIO(raw))
        assert (report.added, report.salvaged, report.duplicates) == (1, 0, 0)

    def test_has_an_address_once_that_has_a_line_of_its_cell_for_itself(self) -> None:
        report = import_suppressions(BytesIO(b'email\n"\na@b.example\n"\n'))
        assert (report.added, report.salvaged, report.duplicates) == (1, 0, 0)

    def test_does_not_take_an_address_with_a_number_sign_for_one_that_was_erased(self) -> None:
        import_suppressions(BytesIO(b"email\n#a@b.example\n"))
        assert Suppression.objects.get().reason == "manual"

    def test_does_not_reject_the_lines_of_a_note(self) -> None:
        raw = b'email,note\na@b.example,"Ask\nann at b@b.example\nor c@b.example"\n'
        report = import_suppressions(BytesIO(raw))
        assert (report.added, report.salvaged, len(report.rejected)) == (1, 0, 0)

    @pytest.mark.parametrize("cell", ["A\0B", "\0", "x" * 140_000])
    def test_has_an_address_whatever_else_is_in_its_row(self, cell: str) -> None:
        assert self.load(f"email,reason,name\na@b.example,spam,{cell}\n") == {"a@b.example"}

    def test_keeps_no_nul_in_a_source(self) -> None:
        assert self.load("email,source\na@b.example,x\0y\n") == {"a@b.example"}
        assert Suppression.objects.get().source == "x␀y"

    def test_keeps_a_reply_of_several_lines_as_its_source(self) -> None:
        raw = 'email,reason\na@b.example,"550 5.1.1 no such user\nsee the manual"\n'
        assert self.load(raw) == {"a@b.example"}
        assert "550 5.1.1" in Suppression.objects.get().source

    def test_tells_of_other_addresses_in_a_row(self) -> None:
        raw = b"email,reason,note\na@b.example,spam,b@b.example\n"
        (problem,) = import_suppressions(BytesIO(raw)).ignored
        assert (problem.line, problem.value) == (2, "b@b.example")
