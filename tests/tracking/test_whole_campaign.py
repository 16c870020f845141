"""From the launch over real SMTP to what comes back, over HTTP and by webhooks."""

from __future__ import annotations

import email
import re
from email import policy
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from campaigns.launching import launch
from campaigns.models import Contact, SubTask, Suppression, Tally, Task
from dispatch.process import maintenance
from tests.dispatching import Dispatch, MakeService
from tests.factories import SenderFactory, TaskFactory
from tests.smtp_server import SmtpServer
from tests.smtp_session import Received
from tests.texts import group, part_of
from tests.tracking.making import apply_all, event
from tests.tracking.visiting import get, post, stranger
from tracking.event_kinds import EventKind
from tracking.events import inbox
from tracking.links.tokens import Purpose, read
from tracking.models import EventTally

HTML = """<html><body><p>Hi {{ name }}</p><a href="https://example.com/{{ email }}">page</a>
<a href="https://example.com/2">two</a></body></html>"""
RECIPIENTS = 40
NEWSLETTER = Path(__file__).parent.parent / "data" / "newsletter.html"


def launched(html: str = HTML, recipients: int = RECIPIENTS, **kwargs: Any) -> Task:
    sender = SenderFactory(postal_address="Example Ltd, 1 Sample Street")
    task = TaskFactory(
        owner=sender.owner, sender=sender, template__html=html, status="queued", **kwargs
    )
    Contact.objects.bulk_create(
        Contact(owner=sender.owner, email=f"r{n}@example.com", tracking_consent=n % 2 == 0)
        for n in range(recipients)
    )
    launch.expand(task.pk)
    return task


def message(mail: Received) -> email.message.EmailMessage:
    return email.message_from_bytes(mail.data, policy=policy.default)


def html_of(mail: Received) -> str:
    return part_of(message(mail), "html")


def in_order(smtp: SmtpServer) -> list[Received]:
    """One message for each recipient."""
    by_recipient = {mail.recipient: mail for mail in smtp.messages}
    assert len(by_recipient) == len(smtp.messages) > 0
    return [by_recipient[f"r{n}@example.com"] for n in range(len(by_recipient))]


@pytest.fixture
def mails(smtp: SmtpServer, make_service: MakeService, dispatch: Dispatch) -> list[Received]:
    """The messages of a campaign, in the order of their recipients."""
    make_service(domain="mail.example.org")
    launched(track_opens=True)
    dispatch()
    mails = in_order(smtp)
    assert len(mails) == RECIPIENTS
    return mails


pytestmark = pytest.mark.django_db


def test_every_message_has_the_headers_that_mailbox_providers_ask_for(
    mails: list[Received],
) -> None:
    feedback = set()
    for n, mail in enumerate(mails):
        headers = message(mail)
        url = group(r"^<(http://localhost:8000/u/[\w-]+)>$", headers["List-Unsubscribe"])
        pk = SubTask.objects.get(recipient_email=f"r{n}@example.com").pk
        assert read(Purpose.UNSUBSCRIBE, url.rpartition("/")[2]) == (pk,)
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert headers["List-Id"] == "<news.mail.example.org>"
        feedback.add(headers["Feedback-ID"])
    (only,) = feedback
    assert re.fullmatch(r"\d+:\d+:news:edm[0-9a-f]{10}", only)


def test_the_mailbox_for_unsubscribing_is_named_when_there_is_one(
    smtp: SmtpServer, make_service: MakeService, dispatch: Dispatch, settings: Settings
) -> None:
    settings.UNSUBSCRIBE_MAILBOX = "leave@example.org"
    make_service()
    launched()
    dispatch()
    ways = message(smtp.messages[0])["List-Unsubscribe"].split(", ")
    token = group(r"/u/([\w-]+)>", ways[0])
    assert ways[1] == f"<mailto:leave@example.org?subject=unsubscribe%20{token}>"


def test_only_who_agreed_gets_the_pixel_and_all_get_a_way_out(mails: list[Received]) -> None:
    for n, mail in enumerate(mails):
        assert ("/o/" in html_of(mail)) == (n % 2 == 0)
        assert "Example Ltd, 1 Sample Street" in html_of(mail)
        assert "/u/" in part_of(message(mail), "plain")


def test_the_page_in_the_browser_is_the_message_without_the_pixel(mails: list[Received]) -> None:
    html = html_of(mails[0])
    url = group(r'href="http://localhost:8000(/w/[^"]+)"', html)
    without_pixel = "\n".join(re.sub(r"<img[^>]*/o/[^>]*>", "", html).splitlines())
    shown = "\n".join(get(url).content.decode().splitlines())
    message, sender = shown[: len(without_pixel)], shown[len(without_pixel) :]
    assert message == without_pixel
    assert message.endswith("</html>")
    assert "<a href=" not in sender and "<img" not in sender


def visit(opened: list[Received], clicked: list[Received], left: list[Received]) -> None:
    """People and machines open and click; some people unsubscribe."""
    for mail in opened:
        get(_own(mail, "o"))
        get(_own(mail, "o"), **{"User-Agent": "Mozilla/5.0"})
    for mail in clicked:
        get(_own(mail, "c"))
        stranger().head(_own(mail, "c"))
    for mail in left:
        post(_own(mail, "u"), {"List-Unsubscribe": "One-Click"})


def test_a_campaign_ends_with_exactly_the_numbers_of_what_happened(mails: list[Received]) -> None:
    visit(opened=mails[0:20:2], clicked=mails[4:9], left=mails[30:33])
    service = SubTask.objects.earliest("pk").service_id
    rows = {s.recipient_email: s for s in SubTask.objects.all()}
    told = [(EventKind.DELIVERED, n) for n in range(35)]
    told += [(EventKind.HARD_BOUNCED, n) for n in range(35, 38)]
    told += [(EventKind.SOFT_BOUNCED, 38), (EventKind.COMPLAINED, 20), (EventKind.COMPLAINED, 21)]
    events = [event(kind, rows[f"r{n}@example.com"], service_id=service) for kind, n in told]
    assert inbox.accept(events) == len(events)
    assert inbox.accept(events) == 0

    apply_all()
    maintenance.run_maintenance()

    counts = Tally.objects.counts(SubTask.objects.earliest("pk").task_id)
    # Recipients 0 to 18 (even ones) opened, 4 to 8 clicked.
    assert (counts["clicked"], counts["opened"]) == (5, 10 - 3)
    assert counts["bounced"] == 4
    assert counts["delivered"] == 35 - 5 - 7
    assert (counts["sent"], counts.total) == (1, RECIPIENTS)
    lines = {(t.kind, t.actor): (t.events, t.recipients) for t in EventTally.objects.all()}
    assert lines == {
        ("opened", "person"): (10, 10),
        ("opened", "proxy"): (10, 10),
        ("clicked", "person"): (5, 5),
        ("clicked", "machine"): (5, 5),
        ("unsubscribed", "person"): (3, 3),
        ("delivered", "person"): (35, 35),
        ("hard_bounced", "person"): (3, 3),
        ("soft_bounced", "person"): (1, 1),
        ("complained", "person"): (2, 2),
    }
    suppressed = {n for n in range(RECIPIENTS) if Suppression.objects.filter(email=f"r{n}@example.com")}  # fmt: skip
    assert suppressed == {20, 21, 30, 31, 32, 35, 36, 37}


def test_the_newsletter_to_a_thousand_people_ends_with_exactly_the_numbers_of_what_happened(
    smtp: SmtpServer, make_service: MakeService, dispatch: Dispatch
) -> None:
    service = make_service(domain="mail.example.org")
    task = launched(html=NEWSLETTER.read_text(), recipients=1_000, track_opens=True)
    dispatch()
    mails = in_order(smtp)
    visit(opened=mails[0:600:2], clicked=mails[100:200], left=mails[700:750])
    rows = list(SubTask.objects.order_by("pk"))
    told = [(EventKind.DELIVERED, n) for n in range(900)]
    told += [(EventKind.HARD_BOUNCED, n) for n in range(950, 980)]
    told += [(EventKind.SOFT_BOUNCED, n) for n in range(980, 990)]
    told += [(EventKind.COMPLAINED, n) for n in (800, 801)]
    assert inbox.accept([event(kind, rows[n], service_id=service.pk) for kind, n in told]) == 942

    apply_all()
    maintenance.run_maintenance()

    counts = Tally.objects.counts(task.pk)
    # Of the hundred that clicked, the fifty with an even number had opened.
    expected = {"clicked": 100, "opened": 250, "delivered": 550, "bounced": 40, "sent": 60}
    assert {status: counts[status] for status in expected} == expected
    lines = {(t.kind, t.actor): (t.events, t.recipients) for t in EventTally.objects.all()}
    assert lines == {
        ("opened", "person"): (300, 300),
        ("opened", "proxy"): (300, 300),
        ("clicked", "person"): (100, 100),
        ("clicked", "machine"): (100, 100),
        ("unsubscribed", "person"): (50, 50),
        ("delivered", "person"): (900, 900),
        ("hard_bounced", "person"): (30, 30),
        ("soft_bounced", "person"): (10, 10),
        ("complained", "person"): (2, 2),
    }
    assert Suppression.objects.count() == 50 + 30 + 2


def _own(mail: Received, kind: str) -> str:
    """The first of the message's own links of a kind."""
    return group(rf'"http://localhost:8000(/{kind}/[\w-]+)"', html_of(mail))
