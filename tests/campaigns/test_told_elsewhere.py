"""What other tools said of a person holds."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.contrib.auth.models import User

from campaigns.contact_import import ImportReport, import_contacts
from campaigns.models import Contact, Suppression

pytestmark = pytest.mark.django_db


def load(heading: str, cell: str) -> ImportReport:
    owner = User.objects.create_user("ann")
    return import_contacts(BytesIO(f'Email,"{heading}"\na@b.example,"{cell}"\n'.encode()), owner)


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


def test_the_worst_that_several_rows_say_counts() -> None:
    owner = User.objects.create_user("ann")
    raw = b"email,status\na@b.example,active\na@b.example,unsubscribed\na@b.example,spam\n"
    import_contacts(BytesIO(raw), owner)
    assert Suppression.objects.get().reason == "complaint"


def test_an_entry_of_the_list_is_not_made_milder() -> None:
    Suppression.objects.create(email="a@b.example", reason="complaint", source="SES")
    load("Status", "unsubscribed")
    assert Suppression.objects.get().source == "SES"


def test_the_headings_of_mailchimp_are_known() -> None:
    owner = User.objects.create_user("ann")
    raw = b'Email Address,FNAME,LNAME,TAGS\na@b.example,Ann,Lee,"""vip"",""news"""\n'
    import_contacts(BytesIO(raw), owner)
    contact = Contact.objects.get()
    assert contact.name == "Ann Lee"
    assert {tag.name for tag in contact.tags.all()} == {"vip", "news"}
