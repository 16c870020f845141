"""Somebody's address was entered in a form: store it, and have a message ask to confirm it.

What strangers learn is the same for every address, and so is what is done in the database up to the
end: where nothing may be mailed, it is taken back.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_noop

from campaigns import erasure_lock, suppressions
from campaigns.models.contacts import SuppressionReason
from signup import mailing
from signup.answers import Answers
from signup.models import SignUp, SignUpForm, Wording, mailbox_of
from tracking import rejected_requests

ENDPOINT = "sign-up"
A_DAY = dt.timedelta(days=1)
# Sign-ups of one mailbox wait for each other, so that all of them are counted.
LOCK_SQL = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 4541763))"


class _NotMailed(Exception):
    """The message is the reason, which is counted."""


def ask(form: SignUpForm, wording: Wording, answers: Answers, network: str) -> None:
    """Never tells whether anything was stored. Nothing is, for an address that was erased, is
    suppressed for another reason than that it unsubscribed, or was mailed lately.
    """
    try:
        with transaction.atomic():
            _store(form, wording, answers, network)
    except _NotMailed as reason:
        rejected_requests.count(ENDPOINT, str(reason))


def _store(form: SignUpForm, wording: Wording, answers: Answers, network: str) -> None:
    """Raises _NotMailed."""
    mailbox = mailbox_of(answers.email)
    erasure_lock.begin()
    with connection.cursor() as cursor:
        cursor.execute(LOCK_SQL, [mailbox])
    lately = SignUp.objects.filter(mailbox=mailbox, asked_at__gt=Now() - A_DAY)
    asked = list(lately.values_list("form", flat=True))
    is_blocked = is_mailed_never(answers.email)
    SignUp.objects.create(
        form=form,
        wording=wording,
        email=answers.email,
        mailbox=mailbox,
        answers=answers.stored,
        network=network,
    )
    mailing.ask_for(form.service_id)
    if is_blocked:
        raise _NotMailed(gettext_noop("suppressed"))
    if form.pk in asked or len(asked) >= settings.SIGN_UP_MAILS_PER_DAY:
        raise _NotMailed(gettext_noop("asked lately"))


def is_mailed_never(address: str) -> bool:
    """Whether it is suppressed for another reason than that it unsubscribed itself."""
    entries = suppressions.entries_of(address).values_list("email", "reason")
    return any(
        email != address or reason != SuppressionReason.UNSUBSCRIBED for email, reason in entries
    )
