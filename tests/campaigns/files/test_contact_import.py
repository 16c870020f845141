"""What becomes of each row of a contact list, with the quirks of real exports."""

from __future__ import annotations

from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from campaigns.files.contact_columns import attribute_key, keys_of
from campaigns.files.row_errors import FileImportError
from campaigns.imports.report import ImportReport
from campaigns.imports.writing.contacts import import_contacts
from campaigns.models import Contact, Tag
from tests.campaigns.files.loading import Import, counts

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parents[2] / "data"


def tags_of(email: str) -> set[str]:
    return set(Tag.objects.filter(contacts__email=email).values_list("name", flat=True))


def load_sample(owner: User) -> ImportReport:
    with (DATA / "contacts_messy.csv").open("rb") as file:
        return import_contacts(file, owner)


class TestTheMessySample:
    """12,000 rows: 11,811 have a valid address, 244 of those repeat an earlier one, 189 are bad."""

    @pytest.fixture
    def report(self, owner: User) -> ImportReport:
        return load_sample(owner)

    def test_every_row_is_accounted_for(self, report: ImportReport) -> None:
        assert counts(report) == (11_567, 0, 0, 244, 189)
        assert sum(counts(report)) == 12_000
        assert Contact.objects.count() == 11_567

    def test_bad_rows_are_listed_with_reason_and_line_despite_quoted_newlines(
        self, report: ImportReport
    ) -> None:
        reasons = Counter(problem.reason.rstrip(".") for problem in report.rejected)
        assert reasons == {
            "There is no address": 72,
            "The address contains a line break or a control character": 20,
            "An email address cannot have two periods in a row": 17,
            "An email address must have an @-sign": 14,
            "An email address cannot have a space before the @": 13,
            "There must be something before the @-sign": 13,
            "An email address has one @ alone": 10,
            "There must be something after the @-sign": 10,
            "The part after the @-sign is not valid. It should have a period": 10,
            "An email address cannot have a hyphen immediately after the @-sign": 9,
            "company is longer than 2,000 characters": 1,
        }

        lines = (DATA / "contacts_messy.csv").read_bytes().split(b"\n")
        refused = [problem for problem in report.rejected if problem.value == "not-an-email"]
        assert len(refused) == 14
        assert all(lines[line - 1].startswith(b"not-an-email,") for line, _, _ in refused)

    def test_a_second_time_changes_nothing(self, report: ImportReport, owner: User) -> None:
        assert counts(load_sample(owner)) == (0, 0, 11_567, 244, 189)

    def test_values_and_tags_are_what_the_file_says(self, report: ImportReport) -> None:
        contact = Contact.objects.get(email="user7@example.org")
        assert contact.name == "François Picard"
        assert contact.attributes == {
            "first_name": "François",
            "last_name": "Picard",
            "company": '=HYPERLINK("http://evil.example")',
            "lang": "zh",
            "ltv": "19.34",
        }
        assert Contact.objects.get(email="user17@xn--fsqu00a.test").attributes["company"] == (
            "Big\nNewline Co"
        )

        assert set(Tag.objects.values_list("name", flat=True)) == {"vip", "news", "客户"}
        assert tags_of("user12@mail.test") == {"vip", "news"}


def test_the_chinese_sample_is_read_as_gb18030(load: Import) -> None:
    report = load((DATA / "contacts_gbk.csv").read_bytes())
    contact = Contact.objects.get(email="kehu0@example.com")
    assert counts(report) == (300, 0, 0, 0, 0)
    assert (contact.name, contact.attributes) == ("王五", {"company": "示例公司"})
    assert tags_of("kehu0@example.com") == {"客户"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_the_encoding_is_detected(load: Import, encoding: str) -> None:
    report = load("邮箱,姓名\nann@example.com,王芳\n".encode(encoding))
    assert Contact.objects.get().name == "王芳"
    assert report.notes == []


def test_western_text_is_not_taken_for_chinese_and_noted(load: Import) -> None:
    report = load("email;name\nann@example.com;Renée Müller\n".encode("cp1252"))
    assert Contact.objects.get().name == "Renée Müller"
    assert "Windows-1252" in report.notes[0]


def test_a_named_encoding_is_used(load: Import) -> None:
    report = load("email,name\nann@example.com,Łukasz\n".encode("cp1250"), encoding="cp1250")
    assert Contact.objects.get().name == "Łukasz"
    assert report.notes == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_detected(load: Import, delimiter: str) -> None:
    load(f"name{delimiter}email{delimiter}city\nAnn{delimiter}ann@example.com{delimiter}Bern\n")
    assert Contact.objects.get().attributes == {"city": "Bern"}


def test_excels_separator_line_is_not_a_row(load: Import) -> None:
    report = load("sep=;\r\nemail;name\r\nann@example.com;Ann\r\nbad;x\r\n")
    assert counts(report) == (1, 0, 0, 0, 1)
    assert report.rejected[0].line == 4


def test_excels_separator_line_ends_as_the_others_do(load: Import) -> None:
    assert load("sep=;\remail;name\rann@example.com;Ann\r").created == 1


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ('ann@example.com,"Ann\nbob@example.com,Bob\ncarl@example.com,"Carl"\nada@a.b,Ada\n', [2, 3, 4]),
        ('ada@a.b,Ada\nbob@example.com,"Bob\ncarl@example.com,Carl\n', [3, 4]),
    ],
)  # fmt: skip
def test_rows_that_a_stray_quotation_mark_takes_together_are_left_out_by_their_lines(
    load: Import, rows: str, lines: list[int]
) -> None:
    report = load(f"email,name\n{rows}")
    assert counts(report) == (1, 0, 0, 0, len(lines))
    assert [problem.line for problem in report.rejected] == lines
    assert f"goes on to line {lines[-1]}, perhaps" in report.rejected[0].reason
    assert Contact.objects.get().name == "Ada"


def test_a_blank_before_a_quoted_cell_is_no_part_of_it(load: Import) -> None:
    assert load('email,name,city\nann@example.com, "Smith, Ann",Bern\n').created == 1
    assert Contact.objects.get().name == "Smith, Ann"


def test_one_column_is_enough(load: Import) -> None:
    assert load("E-Mail\nann@example.com\n").created == 1


@pytest.mark.parametrize(
    "heading",
    ["EMAIL", " e-mail ", "收件人邮箱", "Email Address", "E_Mail", "mail", "邮箱", "电子邮件", "電子郵件",
     "Correo electrónico", "E-Mail-Adresse", "メールアドレス",
     "Recipient Email", "Person - Email", "Adres e-mail", "E-posta", "Адрес электронной почты"],
)  # fmt: skip
def test_the_address_column_is_found_in_many_languages(load: Import, heading: str) -> None:
    assert load(f"x,{heading}\n1,ann@example.com\n").created == 1


def test_columns_get_names_that_liquid_can_use() -> None:
    header = ["Email", "Vorname", "姓名", "Letzter Kauf (€)", "颜色", "lastLogin", "2024", "", "!"]
    assert keys_of(header) == [
        "email", "first_name", "name", "letzter_kauf", "颜色", "last_login", "field_2024", "", "",
    ]  # fmt: skip


def test_a_column_cannot_shadow_the_address_or_the_unsubscribe_link() -> None:
    header = ["email", "E-Mail", "Email 2", "unsubscribe url", "City", "city"]
    assert keys_of(header) == [
        "email", "e_mail", "email_2", "field_unsubscribe_url", "city", "city_2",
    ]  # fmt: skip
    assert attribute_key("Email") == "field_email"


def test_the_name_is_made_of_first_and_last_name_when_there_is_none(load: Import) -> None:
    load("email,first name,surname\nann@example.com,Ann,Lee\nbob@example.com,Bob,\n")
    assert set(Contact.objects.values_list("name", flat=True)) == {"Ann Lee", "Bob"}


def test_the_first_of_two_rows_counts_and_both_give_tags(load: Import) -> None:
    report = load(
        "email,name,city,tags\nAnn@Example.com,Ann,,vip\n ann@example.COM ,Other,Bern,news\n"
    )
    contact = Contact.objects.get()
    assert counts(report) == (1, 0, 0, 1, 0)
    assert (contact.email, contact.name, contact.attributes) == ("ann@example.com", "Ann", {})
    assert tags_of("ann@example.com") == {"vip", "news"}


def test_both_spellings_of_a_domain_are_one_contact(load: Import) -> None:
    report = load("email\nann@bücher.test\nANN@xn--bcher-kva.test\n")
    assert counts(report) == (1, 0, 0, 1, 0)


def test_an_existing_contact_is_updated_and_keeps_what_the_file_does_not_say(load: Import) -> None:
    load("email,name,city,lang\nann@example.com,Ann,Bern,de\n")
    report = load("email,name,city,age\nann@example.com,,Basel,30\n")
    contact = Contact.objects.get()
    assert counts(report) == (0, 1, 0, 0, 0)
    assert contact.name == "Ann"
    assert contact.attributes == {"city": "Basel", "lang": "de", "age": "30"}


def test_a_new_tag_alone_is_an_update(load: Import) -> None:
    load("email,tags\nann@example.com,a\n")
    assert counts(load("email,tags\nann@example.com,b\n")) == (0, 1, 0, 0, 0)
    assert tags_of("ann@example.com") == {"a", "b"}


def test_tags_are_split_trimmed_and_unique_whatever_their_case(load: Import) -> None:
    load('email,tags\nann@example.com,"VIP; vip |Big  Fish,客户，新；"\nbob@example.com,ViP\n')
    assert tags_of("ann@example.com") == {"VIP", "Big Fish", "客户", "新"}
    assert tags_of("bob@example.com") == {"VIP"}


def test_tags_can_be_given_for_the_whole_file(load: Import) -> None:
    load("email\nann@example.com\nbob@example.com\n", tags=[" spring ", "list"])
    assert tags_of("ann@example.com") == tags_of("bob@example.com") == {"spring", "list"}


def test_an_owner_does_not_touch_the_contacts_of_another(load: Import) -> None:
    other = User.objects.create_user("bob")
    Contact.objects.create(owner=other, email="ann@example.com", name="Theirs")
    Tag.objects.create(owner=other, name="vip")
    assert load("email,name,tags\nann@example.com,Mine,vip\n").created == 1
    assert Contact.objects.get(owner=other).name == "Theirs"
    assert not Contact.objects.get(owner=other).tags.exists()
    assert Tag.objects.count() == 2


def test_formulas_are_text(load: Import) -> None:
    load('email,a,b\nann@example.com,=1+1,"=HYPERLINK(""http://x.example"")"\n')
    assert Contact.objects.get().attributes == {"a": "=1+1", "b": '=HYPERLINK("http://x.example")'}


def test_short_rows_and_blank_rows_are_fine(load: Import) -> None:
    report = load("\n\nemail,name,city\n\nann@example.com\n,,\nbob@example.com,Bob\n")
    assert counts(report) == (2, 0, 0, 0, 0)


def test_cells_without_a_column_are_reported_and_the_row_comes_in(load: Import) -> None:
    report = load("email,,name\nann@example.com,stray,Ann,extra,\n")
    assert report.created == 1
    assert [(line, value) for line, value, _ in report.ignored] == [(2, "stray"), (2, "extra")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("ann@example.com," + "x" * 201 + ",", "name is longer than 200"),
        ("ann@example.com,Ann," + "x" * 2_001, "city is longer than 2,000"),
        ("ann@example.com,Ann," + "x" * 140_000, "cannot be read"),
        ("ann@example.com,A\0nn,", "NUL"),
        ("a" * 250 + "@example.com,Ann,", "too long"),
        ('"ann@example.com\r\nBcc: x@example.com",Ann,', "line break"),
        (",Ann,", "no address"),
    ],
)
def test_a_bad_row_is_refused_and_the_others_come_in(load: Import, row: str, reason: str) -> None:
    report = load(f"email,name,city\n{row}\nbob@example.com,Bob,\n")
    assert counts(report) == (1, 0, 0, 0, 1)
    assert report.rejected[0].line == 2
    assert reason in report.rejected[0].reason
    assert len(report.rejected[0].value) <= 80


def test_an_over_long_tag_is_refused(load: Import) -> None:
    report = load(f"email,tags\nann@example.com,{'t' * 101}\n")
    assert report.rejected[0].reason == "A tag is longer than 100 characters."


def test_a_quote_that_is_never_closed_says_how_far_it_reached(load: Import) -> None:
    rows = "".join(f"user{number}@example.com,x\n" for number in range(200))
    report = load(f'email,city\nann@example.com,"Bern\n{rows}')
    assert report.rejected[0].line == 2
    assert "goes on to line 202, perhaps a quotation mark is not closed" in (
        report.rejected[0].reason
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"name,city\nAnn,Bern\n", "No column has email addresses.*name, city"),
        (b"ann@example.com\nbob@example.com\n", "first row must name the columns"),
        (b"\x89PNG\r\n\x1a\n\0\0\x81\xff,", "not valid cp1252|No column"),
        (b"PK\x03\x04\x14\0email\n", "is a spreadsheet or a zip archive. Open it, and save"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an Excel file"),
        (b"\xef\xbb\xbfemail\nann@example.com\nb\xff@example.com\n", "not valid utf-8"),
    ],
)
def test_a_file_that_is_no_contact_list_is_refused(
    load: Import, content: bytes, message: str
) -> None:
    with pytest.raises(FileImportError, match=message):
        load(content)


def test_an_unknown_encoding_is_refused(load: Import) -> None:
    with pytest.raises(FileImportError, match="no encoding called 'klingon'"):
        load("email\n", encoding="klingon")


def test_nothing_comes_in_when_the_file_breaks_off_in_the_middle(load: Import) -> None:
    good = "".join(f"user{number}@example.com\n" for number in range(6_000))
    with pytest.raises(FileImportError):
        load(b"\xef\xbb\xbfemail,tags\n" + good.encode() + b"\xff\n")
    assert not Contact.objects.exists()
    assert not Tag.objects.exists()


def test_an_uploaded_file_can_be_imported_and_stays_open(owner: User) -> None:
    upload = SimpleUploadedFile("contacts.csv", b"email\nann@example.com\n")
    assert import_contacts(upload, owner).created == 1  # type: ignore[arg-type]
    assert not upload.closed


def test_a_pipe_can_be_imported(owner: User) -> None:
    class Pipe(BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *args: int) -> int:
            raise OSError("a pipe cannot seek")

    assert import_contacts(Pipe(b"email\nann@example.com\n"), owner).created == 1
