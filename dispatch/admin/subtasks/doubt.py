"""A message in doubt, for who has to decide: what is known, how to find out, what follows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from admin_kit.words.stored_texts import shown_reply
from campaigns.models import SubTask, TaskStatus
from dispatch.admin.subtasks.as_sent import message_id_of
from dispatch.providers import idempotency_window

IN_A_LOG: str | Promise = gettext_lazy(
    "Ask who runs the mail server to search its log for the Message-ID or the recipient."
)
WHERE: dict[str, str | Promise] = {
    "smtp": IN_A_LOG,
    "maildir": gettext_lazy("Look in the directory for a file with the Message-ID."),
    "engagelab": gettext_lazy(
        "Look up the recipient in the delivery records of EngageLab’s console."
    ),
    "ses": gettext_lazy(
        "SES keeps no list of messages by itself: look for the recipient where your configuration "
        "set sends events, such as CloudWatch or Firehose."
    ),
    "brevo": gettext_lazy("Look up the recipient in the logs of Brevo’s transactional mail."),
    "mailgun": gettext_lazy("Look up the recipient or the Message-ID in Mailgun’s logs."),
    "mailjet": gettext_lazy("Look up the recipient in Mailjet’s message history."),
    "postmark": gettext_lazy(
        "In Postmark, open the server and its message stream, and look up the recipient under "
        "Activity."
    ),
    "resend": gettext_lazy("Look up the recipient among the emails in Resend."),
    "sendgrid": gettext_lazy("Look up the recipient in SendGrid’s activity feed."),
    "sparkpost": gettext_lazy("Look up the recipient in SparkPost’s search of events."),
}
"""By the name of a provider, where to see what it did with a message."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """`choices` are what can be decided, each with what follows."""

    known: Sequence[str]
    where: str
    message_id: str
    choices: Sequence[tuple[str, str]]


def doubt_of(subtask: SubTask) -> Doubt | None:
    """None for a message that is not in doubt."""
    if subtask.in_doubt_since is None or subtask.service is None:
        return None
    return Doubt(
        list(_known(subtask)),
        str(WHERE.get(subtask.service.provider, IN_A_LOG)),
        message_id_of(subtask),
        _choices(subtask),
    )


def _known(subtask: SubTask) -> list[str]:
    assert subtask.service is not None
    said = [
        gettext(
            "It was handed over to “%(service)s” at %(time)s, and no answer came back: the "
            "provider may have accepted it or not."
        )
        % {"service": subtask.service.name, "time": _time(subtask.sending_at)}
    ]
    if subtask.error:
        noted = {"error": shown_reply(subtask.error)}
        said.append(gettext("What was noted then: %(error)s") % noted)
    said.append(
        gettext("The provider has told nothing about it so far. If it does, the doubt is over.")
    )
    return [*said, *_repeat(subtask)]


def _repeat(subtask: SubTask) -> list[str]:
    """Whether it is asked again by itself."""
    assert subtask.service is not None
    window = idempotency_window(subtask.service.provider)
    if not window or subtask.sending_at is None:
        return []
    until = subtask.sending_at + window
    if timezone.now() >= until:
        return [
            gettext("It is not asked again by itself: that was possible until %(time)s.")
            % {"time": _time(until)}
        ]
    return [
        gettext(
            "This provider recognises a repeat: while the campaign is being sent, it is asked "
            "again by itself until %(time)s. Wait for that before you decide."
        )
        % {"time": _time(until)}
    ]


def _choices(subtask: SubTask) -> list[tuple[str, str]]:
    again = gettext(
        "Choose it when the provider does not have the message, or a second copy does no harm. Who "
        "has the message already gets it twice. A completed campaign goes on for it."
    )
    if subtask.task.status == TaskStatus.CANCELLED:
        again = gettext("The campaign is cancelled: it counts as failed, and is not sent.")
    return [
        (
            gettext("It was sent"),
            gettext(
                "Choose it when the provider has the message. It counts as sent; nothing is sent."
            ),
        ),
        (gettext("Send again"), again),
        (
            gettext("Give up"),
            gettext(
                "Choose it when it is not worth a second copy. It counts as failed; nothing is "
                "sent, and it may be retried later."
            ),
        ),
    ]


def _time(at: dt.datetime | None) -> str:
    if at is None:
        return gettext("a time unknown")
    return str(formats.date_format(timezone.localtime(at), "DATETIME_FORMAT"))
