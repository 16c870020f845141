"""What a file certainly says against mailing is heeded; what only resembles it suppresses no one."""

from __future__ import annotations

from io import BytesIO

import pytest

from campaigns.imports.report import ImportReport
from campaigns.imports.writing.contacts import import_contacts
from campaigns.models import Contact, Suppression
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def load(heading: str, *cells: str) -> ImportReport:
    rows = "".join(f'a{n}@b.example,"{cell}"\n' for n, cell in enumerate(cells))
    raw = f'Email,"{heading}"\n{rows}'
    return import_contacts(BytesIO(raw.encode()), UserFactory(), may_suppress=True)


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("Invalid VAT", "yes"),
        ("Invalidity pension", "yes"),
        ("Junk food", "yes"),
        ("Complaints handled", "3"),
        ("Blocked seats", "12"),
        ("Exclusion zone", "yes"),
        ("Unsubscribe page", "https://x.example"),
        ("Spa mat", "yes"),
        ("Spam filter", "1"),
        ("Bounce house rental", "2024-05-01"),
        ("Bounced cheques", "yes"),
        ("Banned books read", "yes"),
        ("Abuse counsellor", "true"),
        ("Economail customer", "yes"),
        ("Cleaned windows at", "2024-05-01"),
        ("Fire suppression", "yes"),
        ("垃圾处理费", "是"),
        ("黑名单餐厅", "是"),
        ("List price status", "invalid"),
        ("Email order form status", "blocked"),
    ],
)
def test_a_heading_with_another_word_stays_an_attribute_and_is_noted(
    heading: str, cell: str
) -> None:
    report = load(heading, cell)
    assert not Suppression.objects.exists()
    assert list(Contact.objects.get().attributes.values()) == [cell]
    assert f"“{heading}” is not clearly about mailing" in report.notes[0]


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("Complaints", "3"),
        ("Complaint", "yes"),
        ("Customer complained", "yes"),
        ("Cleaned", "2024-05-01"),
        ("Blocked", "yes"),
        ("Junk mail", "yes"),
        ("Invalid", "yes"),
        ("Banned", "yes"),
        ("Abmeldung", "ja"),
        ("Unsubscribed", "12"),
        ("Unsubscribed", "Newsletter A"),
        ("Unsubscribed", "✗"),
        ("Opted out", "by phone only"),
        ("Status", "invalid"),
        ("Status", "blocked"),
        ("Status", "not spam"),
        ("Status", "Junk removal"),
        ("Status", "Complaint handled"),
        ("状态", "未退订"),
        ("状态", "无效"),
    ],
)
def test_what_may_mean_something_else_keeps_out_and_suppresses_no_one(
    heading: str, cell: str
) -> None:
    report = load(heading, cell)
    assert not Suppression.objects.exists()
    assert [problem.line for problem in report.kept_out] == [2]


@pytest.mark.parametrize(
    ("heading", "cell", "reason"),
    [
        ("Unsubscribed at", "May 1, 2024 10:00", "unsubscribed"),
        ("unsubscribedat", "1714557600", "unsubscribed"),
        ("Unsubscribed", "✓", "unsubscribed"),
        ("Отписка от рассылки", "да", "unsubscribed"),
        ("Unsubscribed from email and SMS", "yes", "unsubscribed"),
        ("Unsubscribe reason", "too many mails", "unsubscribed"),
        ("HasOptedOutOfEmail", "true", "unsubscribed"),
        ("DoNotBulkEmail", "true", "manual"),
        ("Please do not contact me", "yes", "manual"),
        ("Newsletter-Abmeldung", "ja", "unsubscribed"),
        ("Désabonné le", "01/02/2024", "unsubscribed"),
        ("Invalid e-mail", "yes", "hard_bounce"),
        ("Spam complaint", "yes", "complaint"),
        ("无效邮箱", "是", "hard_bounce"),
        ("退订原因", "太多", "unsubscribed"),
        ("Status", "Bounced (2024-05-01)", "hard_bounce"),
        ("状态", "硬退信", "hard_bounce"),
    ],
)
def test_a_heading_of_known_words_alone_suppresses(heading: str, cell: str, reason: str) -> None:
    load(heading, cell)
    assert Suppression.objects.get().reason == reason


@pytest.mark.parametrize("cell", ["no", "não", "нет", "never", "-", "0"])
def test_no_in_another_language_is_no_opt_out(cell: str) -> None:
    assert load("Unsubscribed", cell).created == 1
    assert not Suppression.objects.exists()


class TestInAColumnOfAnyName:
    @pytest.mark.parametrize(
        ("heading", "cell", "reason"),
        [
            ("Tags", "unsubscribed", "unsubscribed"),
            ("Tags", "vip; Unsubscribed", "unsubscribed"),
            ("Group", "Unsubscribed", "unsubscribed"),
            ("Type", "已退订", "unsubscribed"),
            ("Segment", "Hard bounce", "hard_bounce"),
            ("Remark", "Do not mail!", "manual"),
            ("", "unsubscribed", "unsubscribed"),
        ],
    )
    def test_a_certain_word_suppresses(self, heading: str, cell: str, reason: str) -> None:
        load(heading, cell)
        assert Suppression.objects.get().reason == reason

    @pytest.mark.parametrize("cell", ["opted out", "Bounced", "cleaned", "complained", "黑名单"])
    def test_a_word_that_is_said_of_other_things_keeps_out(self, cell: str) -> None:
        assert len(load("Type", cell).kept_out) == 1
        assert not Suppression.objects.exists()

    @pytest.mark.parametrize(
        ("heading", "cell"),
        [
            ("Type", "cancelled"),
            ("Group", "invalid"),
            ("Notes", "no"),
            ("Notes", "He unsubscribed from the magazine"),
            ("Company", "Bounced Ltd"),
            ("SMS", "unsubscribed"),
            ("WhatsApp status", "opted out"),
        ],
    )
    def test_another_word_comes_in_without_a_word(self, heading: str, cell: str) -> None:
        report = load(heading, cell)
        assert (report.created, report.notes) == (1, [])
        assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("heading", "cell"),
    [
        ("gdpr", "no"),
        ("DSGVO-Einwilligung", "nein"),
        ("GDPR consent", "declined"),
        ("Consent", "refused"),
        ("Marketing emails", "no"),
        ("Permission to email", "no"),
        ("Opt-in status", "no"),
        ("Deceased", "yes"),
        ("Status", "deactivated"),
        ("Opt-in", "✗"),
        ("是否同意", "不同意"),
        ("Subscription", "cancelled"),
        ("Result", "invalid"),
        ("Status", "Not active"),
        ("Status", "Disabled"),
        ("Status", "dead"),
        ("Status", "failed"),
        ("状态", "停用"),
    ],
)
def test_a_refusal_keeps_the_person_out(heading: str, cell: str) -> None:
    report = load(heading, cell)
    assert not Suppression.objects.exists()
    assert [problem.line for problem in report.kept_out] == [2]


@pytest.mark.parametrize("heading", ["Status", "状态"])
@pytest.mark.parametrize("no", ["0", "no", "false"])
def test_a_status_of_no_keeps_out_beside_one_of_yes_and_is_said(heading: str, no: str) -> None:
    report = load(heading, "1", no)
    assert [contact.email for contact in Contact.objects.all()] == ["a0@b.example"]
    assert [problem.line for problem in report.kept_out] == [3]
    assert f"“{heading}” says “{no}” in 1 row" in report.notes[0]
