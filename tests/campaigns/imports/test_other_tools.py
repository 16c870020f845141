"""What the exports of other tools and address books are guessed to be."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.contrib.auth.models import User

from campaigns.imports.settings import ColumnSettings, Understanding
from campaigns.imports.understanding.understand import understand
from campaigns.models import Contact, MailConsent, Suppression
from tests.campaigns.imports.importing import imported, numbers_of
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return UserFactory()


def understood(raw: bytes, owner: User) -> Understanding:
    return understand(BytesIO(raw), "list.csv", owner)


def column(found: Understanding, heading: str) -> ColumnSettings:
    return next(each for each in found.settings.columns if each.heading == heading)


KLAVIYO = (
    b"Email,Email Marketing Consent,Email Marketing Consent Timestamp\n"
    b"ola@b.example,SUBSCRIBED,2024-04-01 12:13:14\n"
    b"pat@b.example,NEVER_SUBSCRIBED,\n"
    b"quy@b.example,UNSUBSCRIBED,2024-04-05 12:13:14\n"
)


def test_a_consent_in_words_is_recorded_with_its_time(owner: User) -> None:
    result = imported(KLAVIYO, owner, may_suppress=True)
    assert (result["created"], result["kept_out"]) == (2, 1)
    ola = Contact.objects.get(email="ola@b.example")
    assert ola.mail_consent == MailConsent.GIVEN
    assert ola.mail_consent_at is not None
    assert ola.mail_consent_at.isoformat() == "2024-04-01T12:13:14+00:00"
    assert list(Suppression.objects.values_list("email", flat=True)) == ["quy@b.example"]
    assert Contact.objects.get(email="quy@b.example").mail_consent == MailConsent.REFUSED


@pytest.mark.parametrize(
    "heading",
    ["Newsletter consent", "Consent (Newsletter)", "Email permission", "Marketing consent given"],
)
def test_a_column_of_consent_is_found(owner: User, heading: str) -> None:
    raw = f"Email,{heading}\na@b.example,yes\nb@b.example,no\n".encode()
    assert column(understood(raw, owner), heading).meaning == "consent"


@pytest.mark.parametrize("heading", ["Signup date", "Created at", "Purchase consent form"])
def test_the_day_of_an_account_is_no_consent(owner: User, heading: str) -> None:
    raw = f"Email,{heading}\na@b.example,2024-01-01\n".encode()
    assert column(understood(raw, owner), heading).meaning == "attribute"


@pytest.mark.parametrize(
    "heading", ["email_disabled", "Emails off", "Opted out of email: Marketing Information"]
)
def test_who_switched_mail_off_is_kept_out(owner: User, heading: str) -> None:
    raw = f"email,{heading},active_subscription\na@b.example,true,false\nb@b.example,false,false\n"
    result = imported(raw.encode(), owner)
    assert (result["created"], result["kept_out"]) == (1, 1)
    assert Contact.objects.get().email == "b@b.example"


def test_a_consent_to_tracking_that_was_not_asked_for_says_nothing(owner: User) -> None:
    raw = b"EmailAddress,ConsentToTrack\na@b.example,Yes\nb@b.example,Unchanged\n"
    assert numbers_of(imported(raw, owner)) == [2, 0, 0, 0, 0]
    assert [c.tracking_consent for c in Contact.objects.order_by("email")] == [True, False]


GOOGLE = (
    b"First Name,Last Name,Labels,E-mail 1 - Value,E-mail 2 - Value\n"
    b"Al,Aho,Friends ::: Chess club ::: * myContacts,al@b.example,al@home.example\n"
    b"Ben,Bo,* myContacts ::: * starred,ben@b.example ::: ben@home.example,\n"
)


def test_labels_of_an_address_book_are_tags(owner: User) -> None:
    assert numbers_of(imported(GOOGLE, owner)) == [2, 0, 0, 0, 0]
    tags = {c.email: sorted(t.name for t in c.tags.all()) for c in Contact.objects.all()}
    assert tags == {"al@b.example": ["Chess club", "Friends"], "ben@b.example": ["starred"]}


def test_a_second_address_of_a_person_is_told(owner: User) -> None:
    found = understood(GOOGLE, owner)
    assert any("There are more addresses in “E-mail 2 - Value”" in note for note in found.notes)
    assert [p for _, p in found.sample[1].problems] == []
    assert imported(GOOGLE, owner)["ignored"] == 1


@pytest.mark.parametrize(
    ("cell", "email", "name"),
    [
        ("Ada Lovelace <ada@b.example>", "ada@b.example", "Ada Lovelace"),
        ('"""Lovelace, Ada"" <ADA@b.example>"', "ada@b.example", "Lovelace, Ada"),
        ("<ada@b.example>", "ada@b.example", ""),
        ("mailto:ada@b.example", "ada@b.example", ""),
    ],
)
def test_an_address_with_what_mail_programs_add_comes_in(
    owner: User, cell: str, email: str, name: str
) -> None:
    assert numbers_of(imported(f"email\n{cell}\n".encode(), owner)) == [1, 0, 0, 0, 0]
    contact = Contact.objects.get()
    assert (contact.email, contact.name) == (email, name)


@pytest.mark.parametrize("cell", ["a@b.example b@b.example", "a@b.example; b@b.example"])
def test_two_addresses_in_a_cell_are_rejected_with_what_to_do(owner: User, cell: str) -> None:
    found = understood(f"email,x\n{cell},1\n".encode(), owner)
    assert found.sample[0].problem == "The cell has 2 addresses: give each a row."


def test_dates_are_read_as_in_the_other_columns_of_the_file(owner: User) -> None:
    raw = b"email;Added;Changed\na@b.example;05-01-2024;06-02-2024\nb@b.example;17-01-2024;\n"
    found = understood(raw, owner)
    assert [each.kind for each in found.settings.columns[1:]] == ["date", "date"]
    assert found.sample[0].cells == ("a@b.example", "2024-01-05", "2024-02-06")
    assert found.notes == ()


def test_numbers_are_read_as_in_the_other_columns_of_the_file(owner: User) -> None:
    raw = b"email;Price;Weight\na@b.example;12.5;51.507\nb@b.example;3.25;1.204\n"
    assert [each.kind for each in understood(raw, owner).settings.columns[1:]] == ["number"] * 2


def test_dates_stay_texts_where_the_other_columns_disagree(owner: User) -> None:
    raw = b"email;A;B;C\na@b.example;17-01-2024;01-17-2024;06-02-2024\n"
    assert column(understood(raw, owner), "C").kind == "text"


@pytest.mark.parametrize("nothing", ["0000-00-00", "0000-00-00 00:00:00", "0/0/00", "00.00.0000"])
def test_a_date_of_zeros_is_none(owner: User, nothing: str) -> None:
    raw = f"email;Born\na@b.example;1980-01-02\nb@b.example;{nothing}\n".encode()
    assert column(understood(raw, owner), "Born").kind == "date"
    assert numbers_of(imported(raw, owner)) == [2, 0, 0, 0, 0]
    assert Contact.objects.get(email="b@b.example").attributes == {}


def test_times_of_day_that_are_left_out_are_told_once(owner: User) -> None:
    raw = b"email,A,B\na@b.example,2024-01-02 10:00,2024-01-02 11:00\n"
    told = "Of the dates in “A”, “B”, the times of day are left out."
    assert [note for note in understood(raw, owner).notes if note.startswith(told)]
    assert len(understood(raw, owner).notes) == 1


@pytest.mark.parametrize(
    ("encoding", "heading", "name"),
    [
        ("big5", "電郵", "陳大文"),
        ("cp932", "メールアドレス", "山田太郎"),
        ("euc_jp", "メールアドレス", "鈴木花子"),
        ("cp949", "이메일", "김영희"),
        ("cp1251", "почта", "Иван Петров"),
        ("koi8_r", "почта", "Мария"),
        ("gb18030", "邮箱", "李雷"),
    ],
)
def test_a_regional_encoding_is_found_by_its_headings(
    owner: User, encoding: str, heading: str, name: str
) -> None:
    raw = f"{heading},Wer\na@b.example,{name}\n".encode(encoding)
    found = understood(raw, owner)
    assert found.settings.encoding == encoding
    assert found.sample[0].cells == ("a@b.example", name)


def test_cyrillic_is_found_where_the_headings_do_not_tell(owner: User) -> None:
    raw = "email,city\na@b.example,Нижний Новгород\nb@b.example,Тверь\n".encode("cp1251")
    found = understood(raw, owner)
    assert found.settings.encoding == "cp1251"
    assert "it was read as Windows-1251 (Cyrillic)" in found.notes[0]


def test_a_file_that_is_not_western_is_looked_at_all_the_same(owner: User) -> None:
    raw = "email,city\na@b.example,\x81\n".encode("latin-1").replace(b"\x81", b"\x81\x40")
    assert understood(raw, owner).sample[0].cells[0] == "a@b.example"


def test_a_list_of_addresses_alone_is_said_to_be_separated_by_commas(owner: User) -> None:
    found = understood(b"a@b.example\nb@b.example\n", owner)
    assert (found.settings.delimiter, found.settings.header_line) == (",", 0)
