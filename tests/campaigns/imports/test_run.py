"""An import as an operation: in pieces, each of which commits with where the next begins."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User

from campaigns.imports import attributes
from campaigns.imports.reading import pieces
from campaigns.imports.settings import Existing
from campaigns.imports.writing import run
from campaigns.models import Attribute, Contact, Operation, OperationState, Suppression, Tag
from campaigns.operations import files, held, running
from campaigns.operations.kinds import OperationProblem
from tests.campaigns.imports.importing import (
    carried_out,
    database,
    guessed,
    imported,
    numbers_of,
    prepared,
    rejected_rows,
    rows_of,
    tags,
)
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

RAW = b"""email,name,city,tags,ltv
ann@b.example,Ann,Bern,vip,1.5
bad,Bob,,,
bob@b.example,Bob,Basel,,2
ann@b.example,Other,Chur,news,3
eve@b.example,Eve,,,abc
"""


@pytest.fixture
def owner() -> User:
    return UserFactory()


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "ROWS", 1)


def test_rows_come_in_and_are_counted(owner: User) -> None:
    result = imported(RAW.replace(b",abc", b",4"), owner)
    assert numbers_of(result) == [3, 0, 0, 1, 1]
    assert [row[:3] for row in database(owner)] == [
        ("ann@b.example", "Ann", {"city": "Bern", "ltv": 1.5}),
        ("bob@b.example", "Bob", {"city": "Basel", "ltv": 2}),
        ("eve@b.example", "Eve", {"ltv": 4}),
    ]
    assert tags(owner) == {"vip", "news"}


def test_a_piece_commits_with_the_place_of_the_next(owner: User, small_pieces: None) -> None:
    operation = prepared(RAW, owner, guessed(RAW, owner))
    assert run.step(operation)
    held.close()
    operation.refresh_from_db()
    assert (operation.position["line"], operation.done, operation.total) == (2, 1, 6)
    assert numbers_of(carried_out(operation)) == [3, 0, 0, 1, 1]
    assert operation.total == operation.done == 5


def test_a_piece_that_is_done_again_changes_nothing(
    owner: User, small_pieces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = prepared(RAW, owner, guessed(RAW, owner))
    assert run.step(operation)
    operation.refresh_from_db()

    def dies(*args: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr("campaigns.operations.progress.save", dies)
        run.step(operation)
    operation.refresh_from_db()
    assert operation.done == 1
    assert numbers_of(carried_out(operation)) == [3, 0, 0, 1, 1]
    assert rejected_rows(operation)[1][:3] == ["3", "An email address must have an @-sign.", "bad"]


def test_what_is_held_is_not_used_when_a_piece_failed(
    owner: User, small_pieces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = prepared(RAW, owner, guessed(RAW, owner))
    assert run.step(operation)
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr("campaigns.imports.writing.job.merge", lambda *args: 1 / 0)
        run.step(Operation.objects.get(pk=operation.pk))
    assert numbers_of(carried_out(Operation.objects.get(pk=operation.pk))) == [3, 0, 0, 1, 1]


@pytest.mark.django_db(transaction=True)
def test_a_cancelled_import_keeps_what_came_in(owner: User, small_pieces: None) -> None:
    operation = prepared(RAW, owner, guessed(RAW, owner))
    running.start(operation)
    Operation.objects.filter(pk=operation.pk).update(state=OperationState.RUNNING)
    assert run.step(operation)
    assert running.cancel(Operation.objects.get(pk=operation.pk))
    running.run(operation.pk)
    operation.refresh_from_db()
    assert operation.state == OperationState.CANCELLED
    assert operation.result["created"] == Contact.objects.filter(owner=owner).count() == 1


def test_a_dry_run_counts_the_same_and_writes_nothing(owner: User) -> None:
    Contact.objects.create(owner=owner, email="bob@b.example", name="Bob")
    dry = imported(RAW, owner, dry_run=True)
    assert numbers_of(dry) == [2, 1, 0, 1, 1]
    assert [row[0] for row in database(owner)] == ["bob@b.example"]
    assert (tags(owner), Attribute.objects.count()) == (set(), 0)
    assert numbers_of(imported(RAW, owner)) == numbers_of(dry)


def test_a_cell_that_is_no_number_is_left_out_and_its_row_is_kept_to_be_mended(owner: User) -> None:
    head = b"email,ltv\n" + b"".join(b"u%d@b.example,1\n" % n for n in range(1_000))
    settings = guessed(head, owner)
    raw = head + b"eve@b.example,abc\n"
    operation = prepared(raw, owner, settings)
    result = carried_out(operation)
    assert (result["created"], result["ignored"]) == (1_001, 1)
    assert Contact.objects.get(email="eve@b.example").attributes == {}
    told = "The row came in without ltv: “abc” is no number."
    assert rejected_rows(operation)[1] == ["1002", told, "eve@b.example", "abc"]


def test_rejected_rows_come_back_without_their_line_and_reason(owner: User) -> None:
    raw = b"email,name,note\nbad,Bob,=1+1\n"
    operation = prepared(raw, owner, guessed(raw, owner))
    carried_out(operation)
    rows = rejected_rows(operation)
    assert rows[0] == ["Import line", "Import reason", "email", "name", "note"]
    assert rows[1][2:] == ["bad", "Bob", "'=1+1"]
    mended = "\n".join(",".join(row) for row in rows).replace("bad", "bob@b.example").encode()
    assert numbers_of(imported(mended, owner)) == [1, 0, 0, 0, 0]
    assert database(owner)[0][1:3] == ("Bob", {"note": "=1+1"})


def test_the_cells_of_an_erased_address_are_not_kept(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaigns.suppressions.erased_among", lambda told: {"ann@b.example"})
    operation = prepared(RAW, owner, guessed(RAW, owner))
    result = carried_out(operation)
    assert (numbers_of(result), result["met"]["erased"]) == ([2, 0, 0, 0, 3], 2)
    assert all("ann@b.example" not in cell for row in rejected_rows(operation) for cell in row)


def test_what_the_file_says_of_an_erased_address_is_kept_in_no_file(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaigns.suppressions.erased_among", lambda told: {"ann@b.example"})
    raw = b"email,name,status\nann@b.example,Ann,unsubscribed\nbob@b.example,Bob,unsubscribed\n"
    for may_suppress in (True, False):
        operation = prepared(raw, owner, guessed(raw, owner, may_suppress=may_suppress))
        result = carried_out(operation)
        kept = [str(result["listed"])]
        kept += [
            files.open_file(file).read().decode()
            for file in operation.files.exclude(role=run.UPLOAD)
        ]
        assert any("bob@b.example" in each for each in kept)
        assert [each for each in kept if "ann" in each.lower()] == []


@pytest.mark.parametrize(
    ("rows", "role"),
    [
        ("u{n}@b.example,{n},,a cell too many", "ignored"),
        ("u{n}@b.example,{n},unsubscribed", "suppressed"),
        ("u{n}@b.example,{n},cleaned?", "still_mailed"),
    ],
)
def test_a_file_has_all_that_the_result_has_the_first_of(
    owner: User, rows: str, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaigns.imports.report.LISTED", 3)
    if role == "still_mailed":
        for n in range(8):
            Contact.objects.create(owner=owner, email=f"u{n}@b.example")
    text = "email,name,status\n" + "".join(f"{rows.format(n=n)}\n" for n in range(8))
    operation = prepared(
        text.encode(), owner, guessed(text.encode(), owner, may_suppress=role == "suppressed")
    )
    result = carried_out(operation)
    listed = result["listed"][role]
    assert (len(listed), result[role]) == (3, 8)  # type: ignore[literal-required]
    found = rows_of(operation, role)
    assert found[0] == ["Line of the file", "Value", "Reason"]
    assert [row[0] for row in found[1:]] == [str(line) for line in range(2, 10)]


def test_a_tag_that_only_an_erased_person_has_is_not_made(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaigns.suppressions.erased_among", lambda told: {"ann@b.example"})
    imported(b"email,tags\nann@b.example,secret\nbob@b.example,vip\n", owner)
    assert list(Tag.objects.filter(owner=owner).values_list("name", flat=True)) == ["vip"]
    assert tags(owner) == {"vip"}


def test_an_address_that_comes_many_times_has_a_chosen_tag_once(owner: User) -> None:
    raw = b"email,name\n" + b"ann@b.example,Ann\n" * 60
    assert numbers_of(imported(raw, owner, tags=("vip",))) == [1, 0, 0, 59, 0]
    assert tags(owner) == {"vip"}


def test_two_spellings_of_a_tag_are_one(owner: User) -> None:
    imported(b"email,tags\nann@b.example,vip;VIP\n", owner)
    assert Contact.objects.get(owner=owner).tags.count() == 1


def test_the_upload_is_not_kept(owner: User) -> None:
    operation = prepared(RAW, owner, guessed(RAW, owner))
    carried_out(operation)
    assert operation.files.get(role=run.UPLOAD).expires_at is not None


def test_a_file_that_is_gone_is_a_problem_for_staff(owner: User) -> None:
    operation = prepared(RAW, owner, guessed(RAW, owner))
    operation.files.all().delete()
    with pytest.raises(OperationProblem, match="Upload it again"):
        run.step(operation)


def test_a_file_that_breaks_off_says_that_the_rest_stays(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "ROWS", 1_000)
    settings = guessed(RAW, owner)
    operation = prepared(RAW + b"bad\n" * 3_000 + b"\xff\xfe\n", owner, settings)
    with pytest.raises(OperationProblem, match="name its encoding. What had come in before stays"):
        while run.step(operation):
            operation.refresh_from_db()
    held.close()
    assert Contact.objects.filter(owner=owner).count() == 3


class TestExistingContacts:
    RAW = b"email,name,city,age,tags\nann@b.example,New,Basel,30,a\n"

    @pytest.fixture
    def contact(self, owner: User) -> Contact:
        attributes = {"city": "Bern", "age": ""}
        return Contact.objects.create(owner=owner, email="ann@b.example", attributes=attributes)

    def imported(self, owner: User, existing: Existing) -> Any:
        result = imported(self.RAW, owner, existing=existing)
        return numbers_of(result)[:3] + [result["skipped"]], database(owner)[0]

    def test_are_updated(self, contact: Contact, owner: User) -> None:
        counts, row = self.imported(owner, Existing.UPDATE)
        assert counts == [0, 1, 0, 0]
        assert row[1:3] == ("New", {"city": "Basel", "age": 30})

    def test_are_given_what_they_do_not_have(self, contact: Contact, owner: User) -> None:
        counts, row = self.imported(owner, Existing.FILL)
        assert counts == [0, 1, 0, 0]
        assert (row[1:3], row[-1]) == (("New", {"city": "Bern", "age": 30}), ["a"])

    def test_are_skipped(self, contact: Contact, owner: User) -> None:
        counts, row = self.imported(owner, Existing.SKIP)
        assert counts == [0, 0, 0, 1]
        assert (row[1:3], row[-1]) == (("", {"city": "Bern", "age": ""}), [])


class TestConsent:
    def consents(self, owner: User) -> dict[str, str]:
        contacts = Contact.objects.filter(owner=owner)
        return dict(contacts.values_list("email", "mail_consent"))

    def test_is_that_of_the_column(self, owner: User) -> None:
        imported(b"email,Consent\na@b.example,yes\nc@b.example,no\nd@b.example,\n", owner)
        assert self.consents(owner) == {
            "a@b.example": "given",
            "c@b.example": "refused",
            "d@b.example": "unknown",
        }
        assert Contact.objects.get(email="a@b.example").mail_consent_source == "Import of list.csv"

    def test_has_the_time_of_its_column(self, owner: User) -> None:
        imported(b"email,OPTIN_TIME\na@b.example,2020-03-04 05:06:07\n", owner)
        contact = Contact.objects.get(owner=owner)
        assert contact.mail_consent == "given"
        assert contact.mail_consent_at == dt.datetime(2020, 3, 4, 5, 6, 7, tzinfo=dt.UTC)

    def test_has_a_time_whose_zone_is_written_twice(self, owner: User) -> None:
        imported(b"email,OPTIN_TIME\na@b.example,2020-03-04 05:06:07.5 +0200 CEST\n", owner)
        at = Contact.objects.get(owner=owner).mail_consent_at
        assert at == dt.datetime(2020, 3, 4, 3, 6, 7, 500_000, tzinfo=dt.UTC)

    def test_can_be_said_of_all(self, owner: User) -> None:
        imported(
            b"email\na@b.example\n", owner,
            all_agreed=True, agreed_at="2021-01-02", agreed_by="the fair in Bern",
        )  # fmt: skip
        contact = Contact.objects.get(owner=owner)
        assert (contact.mail_consent, contact.mail_consent_source) == ("given", "the fair in Bern")

    @pytest.mark.parametrize("existing", Existing)
    def test_is_never_given_again_to_who_refused(self, owner: User, existing: Existing) -> None:
        Contact.objects.create(owner=owner, email="a@b.example", mail_consent="refused")
        raw = b"email,Consent\na@b.example,yes\n"
        result = imported(raw, owner, existing=existing)
        assert self.consents(owner) == {"a@b.example": "refused"}
        assert result["met"]["refused"] == 1

    @pytest.mark.parametrize("existing", Existing)
    def test_is_refused_by_any_row(
        self, owner: User, existing: Existing, small_pieces: None
    ) -> None:
        Contact.objects.create(owner=owner, email="a@b.example", mail_consent="given")
        raw = b"email,Consent\na@b.example,yes\na@b.example,no\na@b.example,yes\n"
        result = imported(raw, owner, existing=existing)
        assert self.consents(owner) == {"a@b.example": "refused"}
        assert (result["updated"], result["met"]["refused"]) == (1, 0)


def test_nobody_is_brought_back_and_they_are_counted(owner: User) -> None:
    for email, reason in [
        ("ann@b.example", "unsubscribed"),
        ("bob@b.example", "hard_bounce"),
        ("@c.example", "manual"),
    ]:
        Suppression.objects.create(email=email, reason=reason)
    Suppression.objects.update(created_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    result = imported(RAW + b"zoe@c.example,,,,\n", owner)
    assert (result["met"]["unsubscribed"], result["met"]["suppressed"]) == (1, 2)
    assert Suppression.objects.count() == 3


LISTMONK = (
    b"email,name,attributes\n"
    b'ann@b.example,Ann,"{""city"": ""Bern"", ""age"": 34, ""vip"": true, ""born"": ""1990-02-03"",'
    b' ""shop"": {""orders"": 3}, ""size"": 3}"\n'
    b'bob@b.example,Bob,"{""city"": ""Basel"", ""size"": ""M""}"\n'
)


def test_what_cells_of_json_have_becomes_attributes_with_types(owner: User) -> None:
    Attribute.objects.create(owner=owner, key="age", kind="text")
    imported(LISTMONK, owner)
    assert dict(Attribute.objects.values_list("key", "kind")) == {
        "age": "text",
        "born": "date",
        "city": "text",
        "shop_orders": "number",
        "size": "text",
        "vip": "yes_no",
    }


def test_values_of_json_get_the_type_that_their_attribute_has(owner: User) -> None:
    Attribute.objects.create(owner=owner, key="age", kind="text")
    Attribute.objects.create(owner=owner, key="size", kind="number")
    Attribute.objects.create(owner=owner, key="city", kind="choice", choices=["bern", "Zug"])
    result = imported(LISTMONK, owner)
    ann, bob = (each.attributes for each in Contact.objects.order_by("email"))
    assert (ann["age"], ann["size"], ann["city"], bob) == ("34", 3, "bern", {})
    assert [reason for _, _, reason in result["listed"]["ignored"]] == [
        "The row came in without city: “Basel” is none of the choices.",
        "The row came in without size: “M” is no number.",
    ]


def test_a_dry_run_makes_no_attributes_of_json(owner: User) -> None:
    imported(LISTMONK, owner, dry_run=True)
    assert not Attribute.objects.exists()


def test_a_file_of_many_names_in_json_makes_a_bounded_number_of_attributes(
    owner: User, monkeypatch: pytest.MonkeyPatch, small_pieces: None
) -> None:
    monkeypatch.setattr(attributes, "MAX_FOUND", 2)
    assert len(imported(LISTMONK, owner)["attributes_created"]) == 2
    assert Attribute.objects.count() == 2
