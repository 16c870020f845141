"""The suppression list from a file and to a file."""

from __future__ import annotations

import csv
from collections.abc import Callable
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from pytest_django import DjangoAssertNumQueries

from campaigns.erased_keys import key_of
from campaigns.files import suppression_export, suppression_import
from campaigns.files.row_errors import FileImportError
from campaigns.files.suppression_import import (
    SuppressionReport,
    import_suppressions,
)
from campaigns.models import Suppression
from campaigns.models.contacts import SuppressionReason

pytestmark = pytest.mark.django_db


def load(content: str | bytes, **options: Any) -> SuppressionReport:
    encoded = content.encode() if isinstance(content, str) else content
    return import_suppressions(BytesIO(encoded), **{"domains": True, **options})


def stored() -> dict[str, tuple[str, str]]:
    rows = Suppression.objects.values_list("email", "reason", "source")
    return {email: (reason, source) for email, reason, source in rows}


def exported() -> str:
    return "".join(suppression_export.lines())


class TestAnImport:
    def test_takes_addresses_and_domains_in_their_stored_spelling(self) -> None:
        load("E-Mail\nAda@Example.com\n@Example.ORG\nbob@bücher.test\n")
        assert set(stored()) == {"ada@example.com", "@example.org", "bob@xn--bcher-kva.test"}

    @pytest.mark.parametrize("heading", ["email", "Domain", "address", "邮箱", "Recipient"])
    def test_knows_the_column_by_many_names(self, heading: str) -> None:
        assert load(f"{heading};x\nada@example.com;1").added == 1

    def test_knows_its_columns_by_names_in_full_width(self) -> None:
        load("ｒｅａｓｏｎ,Ｅｍａｉｌ,Ｓｏｕｒｃｅ\nｓｐａｍ,ada@example.com,old list\n")
        assert stored() == {"ada@example.com": ("complaint", "old list")}

    def test_takes_every_usual_spelling_of_a_domain(self) -> None:
        load("domain\nexample.com\n@example.org\n*@Bücher.test\nada@example.net\n")
        expected = {"@example.com", "@example.org", "@xn--bcher-kva.test", "ada@example.net"}
        assert set(stored()) == expected

    def test_keeps_apart_what_may_be_two_mailboxes(self) -> None:
        load("email\nada@gmail.com\na.d.a@gmail.com\nada+news@gmail.com\n")
        assert set(stored()) == {"ada@gmail.com", "a.d.a@gmail.com", "ada+news@gmail.com"}

    def test_does_not_guess_that_a_word_among_addresses_is_a_domain(self) -> None:
        report = load("email\nexample.com\n")
        assert "@example.com" in report.rejected[0].reason

    @pytest.mark.parametrize(
        "encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "utf-8-sig"]
    )
    def test_reads_other_encodings(self, encoding: str) -> None:
        load("邮箱,来源说明,source\nada@example.com,一二三,名单\n".encode(encoding))
        assert stored() == {"ada@example.com": ("manual", "名单")}

    @pytest.mark.parametrize(
        ("told", "kept"),
        [
            ("Unsubscribed", "unsubscribed"),
            ("hard bounce", "hard_bounce"),
            ("hard_bounce", "hard_bounce"),
            ("SPAM", "complaint"),
            ("", "soft_bounces"),
        ],
    )
    def test_knows_the_usual_words_for_a_reason(self, told: str, kept: str) -> None:
        load(f"email,reason\na@example.com,{told}", reason=SuppressionReason.SOFT_BOUNCES)
        assert stored() == {"a@example.com": (kept, "")}

    def test_suppresses_for_a_reason_it_does_not_know_and_keeps_its_words(self) -> None:
        load("email,reason,source\na@example.com,550 user unknown,old tool")
        assert stored() == {"a@example.com": ("manual", "old tool: 550 user unknown")}

    def test_does_not_believe_that_an_address_that_stands_there_was_erased(self) -> None:
        load("email,reason\na@example.com,erased")
        assert stored() == {"a@example.com": ("manual", "erased")}

    def test_lists_bad_rows_with_their_line_and_takes_the_others(self) -> None:
        report = load('email\nnobody\nada@example.com\n""\n@\nx@a\0b.test\n,\n"a@b.test\nx')
        assert [problem.line for problem in report.rejected] == [2, 5, 6, 9]
        assert set(stored()) == {"ada@example.com", "a@b.test"}

    def test_takes_nothing_twice(self) -> None:
        Suppression.objects.create(email="ada@example.com", reason="complaint", source="SES")
        report = load("email\nada@example.com\nbob@example.com\nBob@example.com")
        assert (report.added, report.known, report.duplicates) == (1, 1, 1)
        assert stored()["ada@example.com"] == ("complaint", "SES")

    def test_tells_a_worse_reason_than_that_somebody_unsubscribed(self) -> None:
        Suppression.objects.create(email="ada@example.com", reason="unsubscribed")
        report = load("email,reason\nada@example.com,complaint")
        assert report.updated == 1
        assert stored()["ada@example.com"][0] == "complaint"

    def test_does_not_store_an_erased_address_again(self) -> None:
        Suppression.objects.create(email=key_of("ada@example.com"), reason="erased")
        report = load("email\nAda@example.com\nbob@example.com")
        assert (report.added, report.known) == (1, 1)
        assert "ada@example.com" not in stored()

    def test_changes_nothing_when_it_breaks_in_the_middle(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(suppression_import, "MERGE", suppression_import.MERGE + "FROM nowhere")
        with pytest.raises(DatabaseError):
            load("email\nada@example.com")

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            ("", "The file is empty"),
            ("name\nAda", "No column has addresses or domains"),
            (b"email\n\xff\xfe\x00", "not valid"),
        ],
    )
    def test_explains_a_file_that_cannot_be_read(self, content: bytes | str, why: str) -> None:
        with pytest.raises(FileImportError, match=why):
            load(content, encoding="utf-8")


class TestAnExport:
    def test_has_a_heading_and_a_line_for_each(self) -> None:
        Suppression.objects.create(email="ada@example.com", reason="complaint", source="SES")
        rows = list(csv.reader(StringIO(exported().lstrip("\ufeff"))))
        assert rows[0] == ["email", "reason", "source", "created_at"]
        assert rows[1][:3] == ["ada@example.com", "complaint", "SES"]

    @pytest.mark.parametrize("source", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "'=1"])
    def test_holds_nothing_that_a_spreadsheet_would_calculate(self, source: str) -> None:
        Suppression.objects.create(email="@example.com", source=source)
        row = list(csv.reader(StringIO(exported().lstrip("\ufeff"))))[1]
        assert row[0] == "'@example.com"
        assert row[2] == f"'{source}"

    def test_comes_in_again_as_it_was(self) -> None:
        Suppression.objects.create(email="@example.com", source="=1+1", reason="complaint")
        Suppression.objects.create(email="ada@example.com", source="'quoted'")
        Suppression.objects.create(email=key_of("bob@example.com"), reason="erased")
        before, file = stored(), exported()
        Suppression.objects.all().delete()
        load(file)
        assert stored() == before

    def test_is_read_in_pieces(
        self, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        Suppression.objects.bulk_create(Suppression(email=f"r{n}@example.com") for n in range(7))
        monkeypatch.setattr(suppression_export, "BATCH", 3)
        with django_assert_num_queries(4):
            assert exported().count("@example.com") == 7


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., str]:
    def run(content: str, *arguments: str) -> str:
        (tmp_path / "list.csv").write_text(content)
        out = StringIO()
        call_command("import_suppressions", str(tmp_path / "list.csv"), *arguments, stdout=out)
        return out.getvalue()

    return run


class TestTheCommand:
    def test_says_what_became_of_the_rows(self, run: Callable[..., str]) -> None:
        said = run("email\nnobody\nada@example.com", "--reason=complaint", "--source=old tool")
        assert "Rejected: line 2: nobody: " in said
        assert "1 address suppressed" in said
        assert stored() == {"ada@example.com": ("complaint", "old tool")}

    def test_changes_nothing_when_run_dry(self, run: Callable[..., str]) -> None:
        assert "Dry run" in run("email\nada@example.com", "--dry-run")
        assert not stored()

    def test_fails_when_no_row_can_be_used(self, run: Callable[..., str]) -> None:
        with pytest.raises(CommandError, match="No row"):
            run("email\nnobody")

    def test_explains_a_file_that_is_not_there(self) -> None:
        with pytest.raises(CommandError, match="cannot be opened"):
            call_command("import_suppressions", "/nowhere/list.csv")
