"""Send a test: one message to each address, made as a launch and a dispatcher would make it.

It differs from a recipient's message in this alone: its Message-ID, To and Date; the mark in the
subject; the tokens in its links, which lead to pages that say it is a test; links and opens are not
recorded, so links are as they were written; the Feedback-ID names no campaign; and it has no return
path of its own.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import replace
from email.utils import make_msgid
from typing import Any, NamedTuple

from django.utils.translation import gettext_noop

from addressing.addresses import as_written
from admin_kit.words.moments import read_again
from admin_kit.words.stored_texts import shown
from campaigns import suppressions
from campaigns.models import Sender, TaskTemplate, Template
from campaigns.preflight import samples
from campaigns.rendering import content
from dispatch.claiming import compose
from dispatch.claiming.attached import of_draft
from dispatch.claiming.deliveries import Claim
from dispatch.engine import one_off
from dispatch.errors import DeliveryError, ServiceError
from dispatch.message.attached import NOTHING
from dispatch.message.message import Message
from dispatch.models import EmailService
from sandbox import Failed
from tracking.links import personalise

BUILT_IN = Template(
    subject=gettext_noop("Test from {{ service }}"),
    html=gettext_noop("<p>This is a test message sent through {{ service }}.</p>"),
)
MARK = "[Test] "
SECONDS = 20
"""How long staff wait for all of them; what could not be started by then is not sent."""
NO_TIME = gettext_noop("no test was sent to it: there was no time left. Send one to it again.")


class NotMade(Exception):
    """No message could be made for this recipient; the text says why."""


class Outcome(NamedTuple):
    """What became of the test to an address, as the end of a sentence."""

    address: str
    said: str
    has_failed: bool = True

    def __str__(self) -> str:
        return gettext_noop("Test to %(address)s %(reason)s") % {
            "address": as_written(self.address),
            "reason": self.said,
        }

    def told(self) -> str:
        """In the language of who asked for it; else it is English, as it is stored."""
        return read_again(shown(self)) if self.has_failed else shown(self)


def send_tests(cleaned: dict[str, Any]) -> Iterator[Outcome]:
    """One after the other, as the service's pace and quota allow; one for each address."""
    addresses: list[str] = cleaned["addresses"]
    try:
        message = _message(cleaned, addresses[0])
    except (NotMade, content.ContentError, Failed) as error:
        yield from (
            Outcome(address, gettext_noop("failed: %(reason)s") % {"reason": error})
            for address in addresses
        )
        return
    until = time.monotonic() + SECONDS
    refused, stopped = suppressions.suppressed(addresses), ""
    for address in addresses:
        if address in refused:
            yield Outcome(address, gettext_noop("is not sent: the address is suppressed."))
        elif stopped or time.monotonic() >= until:
            yield Outcome(
                address, gettext_noop("is not sent: %(reason)s") % {"reason": stopped or NO_TIME}
            )
        else:
            outcome, stopped = _send(cleaned["service"], replace(message, to_email=address), until)
            yield outcome


def _send(service: EmailService, message: Message, until: float) -> tuple[Outcome, str]:
    """What became of it, and why no other can be sent, "" if one can."""
    address, left = message.to_email, dt.timedelta(seconds=max(0, until - time.monotonic()))
    own_id = make_msgid(domain=service.domain)
    try:
        accepted = one_off.send(
            service, replace(message, message_id=own_id), min(left, one_off.PATIENCE)
        )
    except (ServiceError, one_off.NoSlot) as error:
        return Outcome(
            address, gettext_noop("failed: %(reason)s") % {"reason": error}
        ), gettext_noop("for the same reason.")
    except DeliveryError as error:
        return Outcome(address, gettext_noop("failed: %(reason)s") % {"reason": error}), ""
    said = (gettext_noop("accepted. %(reason)s") % {"reason": accepted.reply}).strip()
    return Outcome(address, said, has_failed=False), ""


def _message(cleaned: dict[str, Any], to: str) -> Message:
    """For one of the addresses, of no SubTask. Raises NotMade, ContentError or Failed."""
    service: EmailService = cleaned["service"]
    template: Template | None = cleaned["template"]
    frozen = samples.freeze(template or BUILT_IN, _sender(cleaned))
    values = (
        samples.values_of(cleaned["contact"], template.owner_id)
        if template
        else {"service": service.name}
    )
    claim = Claim(personalise.TEST, personalise.TEST, personalise.TEST, to, values, 0)
    variant: TaskTemplate | None = cleaned.get("variant")
    files = of_draft(variant.task) if variant else NOTHING
    made = compose.compose(claim, frozen, service.domain, attached=files)
    if not isinstance(made, Message):
        raise NotMade(made.why)
    mark = "" if cleaned["unmarked"] else MARK
    rendered = replace(made.rendered, subject=f"{mark}{made.rendered.subject}")
    return replace(made, rendered=rendered, subtask_id=None)


def _sender(cleaned: dict[str, Any]) -> Sender:
    chosen: Sender | None = cleaned["sender"]
    if chosen is None and cleaned["template"] is not None:
        chosen = samples.usual_sender(cleaned["template"])
    return chosen if chosen and chosen.pk else Sender(local_part=cleaned["local_part"])
