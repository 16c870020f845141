"""A sign-up is confirmed: the contact is made or brought up to date, with the record of consent."""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_noop

from campaigns import erasure, erasure_lock, suppressions
from campaigns.models import Contact, MailConsent, Tag
from campaigns.models.contacts import MAX_STORED, SuppressionReason
from signup.asking import is_mailed_never
from signup.models import SignUp, State

CHANGED = (
    "name", "attributes", "tracking_consent", "mail_consent", "mail_consent_at",
    "mail_consent_source", "changed_at",
)  # fmt: skip
logger = logging.getLogger(__name__)


def confirm(sign_up_id: int, network: str) -> SignUp | None:
    """The confirmed sign-up; None when it is gone, or was not confirmed in time. Idempotent: only
    the first time changes anything. Locks the sign-up, then the contact.
    """
    with transaction.atomic():
        erasure_lock.begin()
        found: QuerySet[SignUp] = SignUp.objects.select_related("form", "wording").filter(
            pk=sign_up_id
        )
        sign_up = found.select_for_update(no_key=True, of=("self",)).first()
        if sign_up is None or sign_up.state == State.CONFIRMED:
            return sign_up
        in_time = found.filter(expires_at__gt=Now())
        if not in_time.update(state=State.CONFIRMED, confirmed_at=Now(), confirmed_network=network):
            return None
        _keep(sign_up)
        _subscribe_again(sign_up)
        sign_up.refresh_from_db()
        return sign_up


def _keep(sign_up: SignUp) -> None:
    """Make the contact, or add to it what was answered; what is not answered stays."""
    form, answers = sign_up.form, sign_up.answers
    Contact.objects.bulk_create(
        [Contact(owner_id=form.owner_id, email=sign_up.email)], ignore_conflicts=True
    )
    contacts = Contact.objects.filter(owner=form.owner_id, email=sign_up.email)
    contact = contacts.select_for_update(no_key=True, of=("self",)).get()
    contact.name = answers.get("name") or contact.name
    contact.attributes = _attributes(contact, answers.get("attributes", {}))
    contact.tracking_consent |= bool(answers.get("opens"))
    contact.mail_consent = MailConsent.GIVEN
    contact.mail_consent_at = Now()
    text = gettext_noop("Sign-up form “%(name)s”, wording %(number)s")
    text %= {"name": form.name, "number": sign_up.wording.number}
    contact.mail_consent_source = text[:200]
    contact.changed_at = Now()
    contact.save(update_fields=CHANGED)
    own = Tag.objects.filter(owner=form.owner_id)
    topics = own.filter(pk__in=answers.get("topics", []), is_public=True)
    contact.tags.add(*topics, *form.tags.filter(owner=form.owner_id))


def _attributes(contact: Contact, answered: dict[str, Any]) -> dict[str, Any]:
    """Those of the contact where all of them together would be too large."""
    merged = {**contact.attributes, **answered}
    fits = len(str(merged).encode("utf-8")) <= MAX_STORED
    return merged if fits else contact.attributes


def _subscribe_again(sign_up: SignUp) -> None:
    """Where the address unsubscribed, which holds for every sender: from now on it does no longer,
    and so the contacts of other owners are marked as of people who do not agree.
    """
    if is_mailed_never(sign_up.email) or suppressions.lift(sign_up.email) is None:
        return
    others = erasure.contacts_of(sign_up.email).exclude(owner=sign_up.form.owner_id)
    others.update(
        mail_consent=MailConsent.REFUSED,
        mail_consent_at=Now(),
        mail_consent_source=str(SuppressionReason.UNSUBSCRIBED.label),
        changed_at=Now(),
    )
    logger.info("sign-up %s: the address is subscribed again", sign_up.pk)
