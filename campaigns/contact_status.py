"""Whether a contact may be mailed, and why not: for lists of contacts and the page of one.

A campaign has more reasons to leave a contact out, which are decided where it is launched.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.words.moments import day
from campaigns import erased_keys, suppression_sources, suppressions
from campaigns.models import Contact, MailConsent, Suppression


class ContactStatus(models.TextChoices):
    """The first that holds, from below, is the status."""

    MAILABLE = "mailable", _("Mailable")
    NO_CONSENT = "no_consent", _("Mailable, no consent recorded")
    PAUSED = "paused", _("Paused")
    REFUSED = "refused", _("Did not agree")
    SUPPRESSED = "suppressed", _("Suppressed")


S = ContactStatus


@dataclass(frozen=True, slots=True)
class Standing:
    """`words` say the status and its reason; `source` is where the reason came from, `since` when
    it began, both empty where that is not known."""

    status: ContactStatus
    words: str
    source: str = ""
    since: dt.datetime | None = None


def condition_of(status: str) -> Q:
    """Of contacts, as far as SQL can know: not of erased addresses."""
    suppressed = suppressions.listed_by("email")
    refused = Q(mail_consent=MailConsent.REFUSED)
    paused = Q(paused_until__gt=Now())
    unpaused = Q(paused_until=None) | Q(paused_until__lte=Now())
    conditions = {
        S.SUPPRESSED: suppressed,
        S.REFUSED: refused & ~suppressed,
        S.PAUSED: paused & ~refused & ~suppressed,
        S.NO_CONSENT: Q(mail_consent=MailConsent.UNKNOWN) & unpaused & ~suppressed,
        S.MAILABLE: Q(mail_consent=MailConsent.GIVEN) & unpaused & ~suppressed,
    }
    return conditions[S(status)]


def standings_of(contacts: Sequence[Contact], now: dt.datetime) -> dict[int, Standing]:
    """By key. `now` is the database's time. One query for all of them."""
    names = {contact.pk: _names(contact.email) for contact in contacts}
    asked = {name for each in names.values() for name in each}
    entries = {entry.email: entry for entry in Suppression.objects.filter(email__in=asked)}
    return {
        contact.pk: _standing(
            contact, next((entries[n] for n in names[contact.pk] if n in entries), None), now
        )
        for contact in contacts
    }


def _names(address: str) -> list[str]:
    """Of the entries that block an address, the most particular first."""
    return [address, *erased_keys.possible_keys(address), suppressions.domain_of(address)]


def _standing(contact: Contact, entry: Suppression | None, now: dt.datetime) -> Standing:
    if entry:
        words = (
            gettext("Suppressed: the whole domain, %(reason)s")
            if entry.email.startswith("@")
            else gettext("Suppressed: %(reason)s")
        ) % {"reason": entry.get_reason_display().lower()}
        where = suppression_sources.told(entry.source)
        return Standing(S.SUPPRESSED, words, where, entry.created_at)
    source, since = contact.mail_consent_source, contact.mail_consent_at
    if contact.mail_consent == MailConsent.REFUSED:
        return Standing(S.REFUSED, str(S.REFUSED.label), source, since)
    if contact.paused_until and contact.paused_until > now:
        return Standing(
            S.PAUSED,
            gettext("Paused until %(day)s") % {"day": day(contact.paused_until)},
        )
    if contact.mail_consent == MailConsent.UNKNOWN:
        return Standing(S.NO_CONSENT, str(S.NO_CONSENT.label))
    return Standing(S.MAILABLE, str(S.MAILABLE.label), source, since)
