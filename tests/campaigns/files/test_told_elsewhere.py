"""What other tools said of a person holds."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.contrib.auth.models import User

from campaigns.imports.report import ImportReport
from campaigns.imports.writing.contacts import import_contacts
from campaigns.models import Contact, Suppression
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def read(raw: str, owner: User | None = None, *, may_suppress: bool = True) -> ImportReport:
    owner = owner or UserFactory()
    return import_contacts(BytesIO(raw.encode()), owner, may_suppress=may_suppress)


def load(heading: str, cell: str) -> ImportReport:
    return read(f'Email,"{heading}"\na@b.example,"{cell}"\n')


@pytest.mark.parametrize(
    ("heading", "cell", "reason"),
    [
        ("Status", "unsubscribed", "unsubscribed"),
        ("状态", "退订", "unsubscribed"),
        ("订阅状态", "已退订", "unsubscribed"),
        ("Status", "Cleaned", "hard_bounce"),
        ("Status", "Bounced", "hard_bounce"),
        ("Email status", "Opted out", "unsubscribed"),
        ("State", "Unsubscribed", "unsubscribed"),
        ("Status", "Marked as spam", "complaint"),
        ("Status", "junk", "complaint"),
        ("Email Marketing Consent", "UNSUBSCRIBED", "unsubscribed"),
        ("Subscription Status", "Abgemeldet", "unsubscribed"),
        ("地址状态", "无效地址", "hard_bounce"),
        ("Unsubscribed", "TRUE", "unsubscribed"),
        ("Unsubscribed from all email", "true", "unsubscribed"),
        ("Opted out", "1", "unsubscribed"),
        ("Email blacklisted", "yes", "manual"),
        ("EMAIL_BLACKLIST", "1", "manual"),
        ("Hard Bounced", "Yes", "hard_bounce"),
        ("Portal Spam Report", "TRUE", "complaint"),
        ("Email hard bounce reason", "UNKNOWN_USER", "hard_bounce"),
        ("UNSUB_TIME", "2024-05-01 10:00:00", "unsubscribed"),
        ("CLEAN_TIME", "2024-05-01 10:00:00", "hard_bounce"),
        ("OptOut_Date", "20110122T111244", "unsubscribed"),
        ("Email Suppressions", "[USER_SUPPRESSED]", "manual"),
        ("IsExcludedFromCampaigns", "true", "manual"),
        ("黑名单", "是", "manual"),
        ("状态", "取消关注", "unsubscribed"),
        ("状态", "已拉黑", "manual"),
        ("Contact state", "unsubscribed", "unsubscribed"),
        ("Email Marketing", "Unsubscribed", "unsubscribed"),
        ("상태", "수신거부", "unsubscribed"),
        ("Status", "Uitgeschreven", "unsubscribed"),
        ("ステータス", "解除済み", "unsubscribed"),
        ("ZB Status", "abuse", "complaint"),
        ("Email validation", "invalid", "hard_bounce"),
        ("Verification result", "undeliverable", "hard_bounce"),
        ("Reason", "BOUNCE", "hard_bounce"),
        ("Reason", "Complaint", "complaint"),
    ],
)
def test_who_is_not_to_be_mailed_is_suppressed_with_reason_and_source(
    heading: str, cell: str, reason: str
) -> None:
    report = load(heading, cell)
    entry = Suppression.objects.get()
    assert (entry.email, entry.reason) == ("a@b.example", reason)
    assert f"{heading}: {cell}" in entry.source
    assert (report.created, len(report.suppressed)) == (1, 1)
    assert "1 row suppressed" in report.explain()


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("Status", "inactive"),
        ("Status", "Unconfirmed"),
        ("Email status", "Awaiting Confirmation"),
        ("Email status", "No Permissions Set"),
        ("Email Marketing Consent", "NEVER_SUBSCRIBED"),
        ("Email Marketing Consent", "FALSE"),
        ("Status", "nonsubscribed"),
        ("Status", "Soft bounced"),
        ("Status", "Deleted"),
        ("状态", "未确认"),
        ("Subscribed", "no"),
        ("Opt-in", "0"),
        ("Accepts Email Marketing", "no"),
        ("Marketing contact status", "Non-marketing contact"),
        ("Subscription status", "quarantined"),
        ("Email status", "Temp hold"),
        ("Email hard bounce reason", "MAILBOX_FULL"),
        ("Bounced", "邮箱已满"),
        ("状态", "待激活"),
        ("是否有效", "否"),
        ("Valid", "false"),
        ("Confirmed", "0"),
        ("Inactive", "yes"),
        ("Deleted at", "2024-05-01"),
        ("已删除", "是"),
        ("Einwilligung", "widerrufen"),
        ("Zustellbar", "nein"),
        ("Can send", "no"),
        ("Klaviyo Email Consent", "NEVER_SUBSCRIBED"),
    ],
)
def test_who_did_not_agree_stays_out_and_is_counted(heading: str, cell: str) -> None:
    report = load(heading, cell)
    assert not Contact.objects.exists()
    assert not Suppression.objects.exists()
    assert [problem.line for problem in report.kept_out] == [2]
    assert "1 row kept out" in report.explain()


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("Status", "subscribed"),
        ("Status", "Active"),
        ("Email status", ""),
        ("状态", "正常"),
        ("State", "CA"),
        ("Unsubscribed", "FALSE"),
        ("UNSUB_TIME", ""),
        ("Unsubscribed at", "0000-00-00 00:00:00"),
        ("Email Suppressions", "[]"),
        ("Email Marketing Consent", "SUBSCRIBED"),
        ("Opt-in", "2024-01-01"),
        ("Unsubscribe URL", "https://x.example/u"),
        ("Bounce count", "2"),
        ("SMS unsubscribed", "TRUE"),
        ("Spam score", "5"),
        ("OPTIN_TIME", "2024-05-01"),
        ("Contact ID", "17"),
        ("Block", "A"),
        ("Deleted at", ""),
        ("Email Marketing", "yes"),
        ("合同解除日期", "2024-05-01"),
        ("发送状态", "发送成功"),
        ("Inactive", "no"),
        ("是否有效", "是"),
        ("Confirmed", "03.04.2024"),
    ],
)
def test_others_come_in_without_a_word(heading: str, cell: str) -> None:
    report = load(heading, cell)
    assert Contact.objects.count() == 1
    assert not Suppression.objects.exists()
    assert report.notes == []


def test_a_value_that_is_not_known_is_said_with_its_rows() -> None:
    report = load("Status", "Grünkohl")
    assert "“Status” says “Grünkohl” in 1 row" in report.notes[0]


def test_the_code_of_a_mail_server_is_no_date_and_is_said() -> None:
    assert "“Status” says “5.1.1” in 1 row" in load("Status", "5.1.1").notes[0]


def test_the_worst_that_several_rows_say_counts() -> None:
    read("email,status\na@b.example,active\na@b.example,unsubscribed\na@b.example,spam\n")
    assert Suppression.objects.get().reason == "complaint"


def test_an_entry_of_the_list_is_not_made_milder() -> None:
    Suppression.objects.create(email="a@b.example", reason="complaint", source="SES")
    load("Status", "unsubscribed")
    assert Suppression.objects.get().source == "SES"


def test_the_headings_of_mailchimp_are_known() -> None:
    read('Email Address,FNAME,LNAME,TAGS\na@b.example,Ann,Lee,"""vip"",""news"""\n')
    contact = Contact.objects.get()
    assert contact.name == "Ann Lee"
    assert {tag.name for tag in contact.tags.all()} == {"vip", "news"}


class TestARowThatIsKeptOut:
    """Of a contact that exists already."""

    RAW = "email,status\na@b.example,{}\n"

    @pytest.fixture
    def owner(self) -> User:
        owner = UserFactory()
        Contact.objects.create(owner=owner, email="a@b.example", name="Ann")
        return owner

    def test_says_that_the_contact_is_still_mailed(self, owner: User) -> None:
        report = read(self.RAW.format("pending"), owner)
        (problem,) = report.still_mailed
        assert (problem.line, problem.value) == (2, "a@b.example")
        assert "exists and is still mailed" in problem.reason
        assert "still mailed, of those kept out or rejected: 1." in report.explain()

    def test_is_suppressed_when_the_file_says_so_and_is_not_mailed(self, owner: User) -> None:
        assert not read(self.RAW.format("unsubscribed"), owner).still_mailed
        assert Suppression.objects.get().email == "a@b.example"

    def test_is_silent_about_who_is_suppressed(self, owner: User) -> None:
        Suppression.objects.create(email="a@b.example", reason="manual")
        assert not read(self.RAW.format("pending"), owner).still_mailed

    def test_is_silent_about_who_is_suppressed_with_the_domain(self, owner: User) -> None:
        Suppression.objects.create(email="@b.example", reason="manual")
        assert not read(self.RAW.format("pending"), owner).still_mailed

    def test_is_silent_about_contacts_of_others(self, owner: User) -> None:
        assert not read(self.RAW.format("pending")).still_mailed

    def test_changes_nothing_of_it(self, owner: User) -> None:
        report = read("email,name,status\na@b.example,Other,pending\n", owner)
        assert report.accepted == 0
        assert Contact.objects.get().name == "Ann"

    def test_tells_of_a_contact_that_another_row_brings_in(self) -> None:
        report = read("email,status\na@b.example,active\na@b.example,pending\n")
        assert report.created == 1
        assert [problem.line for problem in report.still_mailed] == [3]


class TestWhoMayNotSuppress:
    RAW = "email,status\na@b.example,unsubscribed\n"

    def test_has_such_rows_kept_out_and_said(self) -> None:
        report = read(self.RAW, may_suppress=False)
        assert not Suppression.objects.exists()
        assert not Contact.objects.exists()
        assert "you may not add to the suppression list" in report.kept_out[0].reason
        assert (len(report.suppressed), len(report.kept_out)) == (0, 1)

    def test_learns_that_a_contact_is_still_mailed(self) -> None:
        owner = UserFactory()
        Contact.objects.create(owner=owner, email="a@b.example")
        report = read(self.RAW, owner, may_suppress=False)
        assert "you may not add to the suppression list" in report.still_mailed[0].reason

    def test_is_who_calls_without_saying_otherwise(self) -> None:
        import_contacts(BytesIO(self.RAW.encode()), UserFactory())
        assert not Suppression.objects.exists()


@pytest.mark.parametrize("address", ["@b.example", "b.example", "*@b.example"])
def test_no_row_of_contacts_suppresses_a_whole_domain(address: str) -> None:
    read(f"email,status\n{address},unsubscribed\n")
    assert not Suppression.objects.filter(email__startswith="@").exists()


class TestARowThatIsRejectedForSomethingElse:
    """And says that its person must not be mailed."""

    LONG = "email,name,status\na@b.example," + "x" * 300 + ",unsubscribed\n"
    UNCLEAR = 'email,name,status\na@b.example,"A "B,unsubscribed\n'

    def test_suppresses_the_address(self) -> None:
        report = read(self.LONG)
        assert (report.accepted, len(report.rejected), len(report.suppressed)) == (0, 1, 1)
        assert Suppression.objects.get().reason == "unsubscribed"

    @pytest.mark.parametrize(("raw", "may_suppress"), [(LONG, False), (UNCLEAR, True)])
    def test_says_that_a_contact_is_still_mailed(self, raw: str, may_suppress: bool) -> None:
        owner = UserFactory()
        Contact.objects.create(owner=owner, email="a@b.example")
        report = read(raw, owner, may_suppress=may_suppress)
        assert not Suppression.objects.exists()
        assert "“status: unsubscribed”, and the row was rejected" in report.still_mailed[0].reason
        assert "still mailed, of those kept out or rejected: 1." in report.explain()

    def test_may_have_no_address(self) -> None:
        assert len(read("email,name,status\nx,A,unsubscribed\n").rejected) == 1
