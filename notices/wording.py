"""What a notice says, in the language that is active: a line for lists and subjects, and a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from admin_kit.words.moments import to_the_minute, with_its_zone
from admin_kit.words.stored_texts import shown
from campaigns.wording import sentences
from notices.models import Delivery, Kind, Notice, State, Why

TYPES = {
    Kind.FINISHED: "campaign.finished",
    Kind.PAUSED: "campaign.paused",
    Kind.LAUNCH_FAILED: "campaign.launch_failed",
    Kind.IN_DOUBT: "campaign.messages_in_doubt",
    Kind.IMPORTED: "import.done",
    Kind.IMPORT_FAILED: "import.failed",
    Kind.FROZEN: "service.frozen",
    Kind.DOMAIN: "service.domain_not_ready",
    Kind.MAILBOX: "service.bounce_mailbox_unread",
    Kind.WEBHOOK_OFF: "webhook.switched_off",
    Kind.TEST: "test",
}
"""The types of webhooks: names for programs, which no language changes."""


def headline(notice: Notice) -> str:
    facts = {"name": str(notice.facts.get("name", ""))}
    return _headlines()[Kind(notice.kind)] % facts


def _headlines() -> dict[Kind, str]:
    return {
        Kind.FINISHED: _("Campaign “%(name)s” is finished"),
        Kind.PAUSED: _("Campaign “%(name)s” was paused by itself"),
        Kind.LAUNCH_FAILED: _("Campaign “%(name)s” could not be launched"),
        Kind.IN_DOUBT: _("Campaign “%(name)s” has messages in doubt"),
        Kind.IMPORTED: _("The import “%(name)s” is done"),
        Kind.IMPORT_FAILED: _("The import “%(name)s” failed"),
        Kind.FROZEN: _("The email service “%(name)s” is frozen"),
        Kind.DOMAIN: _("The domain of the email service “%(name)s” is not ready"),
        Kind.MAILBOX: _("The bounce mailbox of the email service “%(name)s” cannot be read"),
        Kind.WEBHOOK_OFF: _("Your webhook was switched off"),
        Kind.TEST: _("A test: notifications arrive here"),
    }


def explanation(notice: Notice) -> str:
    """What it means for the mail, and what to do."""
    told = _EXPLAINED.get(Kind(notice.kind), _of_reason)(notice.facts)
    return sentences(*filter(None, told))


def _finished(facts: dict[str, Any]) -> list[str]:
    return [_("Each message was handed over or given up with the reason; its page has the report.")]


def _in_doubt(facts: dict[str, Any]) -> list[str]:
    count = int(facts.get("count", 1))
    said = ngettext(
        "Of %(count)s message it is not known whether the provider took it.",
        "Of %(count)s messages it is not known whether the provider took them.",
        count,
    ) % {"count": count}
    return [said, _("Nothing is sent twice by itself: please decide.")]


def _imported(facts: dict[str, Any]) -> list[str]:
    count = int(facts.get("count", 0))
    read = ngettext("%(count)s row was read.", "%(count)s rows were read.", count)
    return [read % {"count": count}]


def _paused(facts: dict[str, Any]) -> list[str]:
    return [_("No more of it is sent until it is resumed."), *_of_reason(facts)]


def _frozen(facts: dict[str, Any]) -> list[str]:
    meant = _("Its messages wait, or leave through other services that their campaigns may use.")
    return [meant, *_of_reason(facts)]


def _domain(facts: dict[str, Any]) -> list[str]:
    failed = {"checks": facts.get("reason", "")}
    return [
        _("Mailbox providers may refuse its mail or put it with the spam: %(checks)s.") % failed,
        _("Its page says which record of the DNS is missing."),
    ]


def _mailbox(facts: dict[str, Any]) -> list[str]:
    return [_("What bounces by mail is not noticed until then."), *_of_reason(facts)]


def _webhook_off(facts: dict[str, Any]) -> list[str]:
    gone = _("%(url)s answered that it wants no more, or has failed for days.")
    return [gone % {"url": facts.get("name", "")}, _("Switch it on again when it works.")]


def _of_reason(facts: dict[str, Any]) -> list[str]:
    """Stored in English, and translated where it is a text of a catalog."""
    reason = str(facts.get("reason", ""))
    return [shown(reason)] if reason else []


_EXPLAINED = {
    Kind.FINISHED: _finished,
    Kind.PAUSED: _paused,
    Kind.IN_DOUBT: _in_doubt,
    Kind.IMPORTED: _imported,
    Kind.FROZEN: _frozen,
    Kind.DOMAIN: _domain,
    Kind.MAILBOX: _mailbox,
    Kind.WEBHOOK_OFF: _webhook_off,
}


def link(notice: Notice) -> str:
    return f"{settings.PUBLIC_URL}{notice.path}"


def mail_of(notices: Sequence[Notice]) -> tuple[str, str]:
    """The subject and the text of a mail with these notices, oldest first."""
    subject = headline(notices[0])
    if len(notices) > 1:
        number = {"number": len(notices)}
        told = ngettext("%(number)s notification", "%(number)s notifications", len(notices))
        subject = told % number
    own_page = f"{settings.PUBLIC_URL}{reverse('own_notices')}"
    footer = _("You choose what you are told, and how: %(url)s") % {"url": own_page}
    return subject, "\n\n".join([*map(paragraph, notices), f"-- \n{footer}"]) + "\n"


def paragraph(notice: Notice) -> str:
    parts = [headline(notice), with_its_zone(notice.happened_at), explanation(notice), link(notice)]
    return "\n".join(part for part in parts if part)


def state_of(delivery: Delivery) -> str:
    """How far it is, and why no further."""
    why = str(Why(delivery.why).label) % {"said": delivery.said} if delivery.why else ""
    at = {"at": to_the_minute(delivery.next_try_at), "why": why}
    if delivery.state == State.GIVEN_UP:
        return _("Given up. %(why)s") % at
    if delivery.state == State.SENT:
        return _("Sent")
    if why:
        return _("Tried again about %(at)s. %(why)s") % at
    return _("In the daily mail of %(at)s") % at if delivery.is_daily else _("On its way")
