"""Send what is due: a background job, outside of any transaction.

A process that is killed between the sending and its note sends once more when the claim has run
out, with the same Message-ID or webhook-id: mailboxes and receivers know the repetition by it.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from email.utils import parseaddr

from django.conf import settings
from django.utils import timezone, translation

from campaigns import background
from dispatch.encryption import CredentialsError
from notices import choices, outbox, receivers, webhooks, wording
from notices.models import Channel, Choice, Delivery, Kind, Why
from signin.own.languages import language_of
from signin.own.profiles import profile_of
from signin.own.zones import zone_of
from system_mail import sending as system_mail

KIND = "notices"
SEND_DUE = "notices.sending.send_due"
SECONDS = 240
WORKS_SECONDS = 120.0
"""After so long the rest is left to the next job."""
logger = logging.getLogger(__name__)


@background.job(KIND, seconds=SECONDS)
def send_due(about: int) -> int:
    """Of all receivers: `about` names none. Returns how many attempts were made."""
    until, attempts = time.monotonic() + WORKS_SECONDS, 0
    while time.monotonic() < until and (claimed := outbox.claim()):
        attempts += 1
        _attempt(claimed)
    return attempts


def _attempt(claimed: Sequence[Delivery]) -> None:
    choice = choices.of(claimed[0].user)
    if claimed[0].attempts > outbox.MOST_ATTEMPTS:
        outbox.give_up(claimed, Why.KILLED)
    elif due := [each for each in claimed if _is_still_right(each, choice)]:
        (_mail if due[0].channel == Channel.MAIL else _post)(due, choice)


def _is_still_right(delivery: Delivery, choice: Choice) -> bool:
    """What was right when it was noted may not be any more, a day later."""
    why = _why_not(delivery, choice)
    if why is not None:
        outbox.give_up([delivery], why)
    return why is None


def _why_not(delivery: Delivery, choice: Choice) -> Why | None:
    if not receivers.may_be_told(delivery.user, delivery.notice):
        return Why.NOT_ALLOWED
    wanted = outbox.is_wanted(delivery.notice, delivery.channel, choice)
    return None if wanted else Why.UNWANTED


def _mail(due: Sequence[Delivery], choice: Choice) -> None:
    """One notice, or those of a day together, in language and zone of the user."""
    user = due[0].user
    profile = profile_of(user)
    language = language_of(profile.language if profile else "")
    with translation.override(language), timezone.override(zone_of(profile)):
        subject, text = wording.mail_of([each.notice for each in due])
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    try:
        system_mail.send(user.email, subject, text, message_id=f"<{due[0].uid}@{host}>")
    except system_mail.NotSent as error:
        logger.warning("notice %s was not mailed: %s", due[0].pk, error)
        if error.for_good or not outbox.has_attempts_left(due[0]):
            outbox.give_up(due, Why.REFUSED, str(error))
        else:
            outbox.try_later(due, Why.REFUSED, str(error))
    else:
        outbox.sent(due)


def _post(due: Sequence[Delivery], choice: Choice) -> None:
    [delivery] = due
    try:
        secret = choices.secret_of(choice)
        webhooks.post(
            choice.webhook_url, secret, f"msg_{delivery.uid.hex}", int(time.time()), _body(delivery)
        )
    except CredentialsError:
        _not_posted(delivery, choice, webhooks.NotDelivered(Why.UNREADABLE))
    except webhooks.NotDelivered as error:
        _not_posted(delivery, choice, error)
    else:
        outbox.sent(due)
        choices.webhook_worked(choice)


def _not_posted(delivery: Delivery, choice: Choice, error: webhooks.NotDelivered) -> None:
    logger.warning("notice %s was not posted: %s", delivery.pk, error)
    choices.webhook_failed(choice)
    if error.is_gone or not outbox.has_attempts_left(delivery):
        outbox.give_up([delivery], error.why, error.said)
        choices.switch_off_if_dead(choice, delivery, is_gone=error.is_gone)
    else:
        outbox.try_later([delivery], error.why, error.said, error.at_least)
        outbox.let_rest(delivery)


def _body(delivery: Delivery) -> bytes:
    """In English, for programs. Never more than a few thousand bytes: facts are short."""
    notice = delivery.notice
    with translation.override("en"):
        text = wording.headline(notice)
    payload = {
        "type": wording.TYPES[Kind(notice.kind)],
        "timestamp": notice.happened_at.isoformat().replace("+00:00", "Z"),
        "data": {**notice.facts, "text": text, "url": wording.link(notice)},
    }
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
