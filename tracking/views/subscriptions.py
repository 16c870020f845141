"""Unsubscribe by one click in a mail program (RFC 8058) or on a page. No limit ever prevents
unsubscribing with a valid token."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from campaigns.models.contacts import SuppressionReason
from tracking import rate_limits, subscriptions
from tracking.links.personalise import TEST
from tracking.links.tokens import Purpose, read, sign
from tracking.subscriptions import Reason, Subscriber
from tracking.views import faces
from tracking.views.public import form_of, limited, not_found, of_test, page, public, shows


@public("unsubscribe", "GET", "HEAD", "POST", needs_form=False)
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, since scanners follow links. POST unsubscribes and answers 200, never a redirect.

    RFC 8058 says what a mail program must post; not all comply, and the token alone is clear
    enough, so the form's content is ignored.
    """
    if read(Purpose.UNSUBSCRIBE, token) == (TEST,):
        return of_test(request, gettext("This link unsubscribes the recipient."))
    person = subscriber_of(request, Purpose.UNSUBSCRIBE, token)
    if person is None:
        return not_found(request, "unsubscribe")
    if request.method != "POST":
        return _asked(request, person)
    subscriptions.unsubscribe(person, form_of(request).get("reason", ""))
    return _unsubscribed(request, person)


def _asked(request: HttpRequest, person: Subscriber) -> HttpResponse:
    if too_many := limited(request, "unsubscribe", rate_limits.PAGES, person.subtask_id):
        return too_many
    is_off = subscriptions.state_of(person) == SuppressionReason.UNSUBSCRIBED
    return _unsubscribed(request, person) if is_off else _question(request, person)


def subscriber_of(request: HttpRequest, purpose: Purpose, token: str) -> Subscriber | None:
    """Whom this token is for, in the look of the sender from here on; None for one that is forged,
    or of a message that is gone."""
    ids = read(purpose, token)
    person = subscriptions.subscriber(*ids) if ids else None
    if person:
        shows(request, partial(faces.of_subscriber, person))
    return person


def _question(request: HttpRequest, person: Subscriber) -> HttpResponse:
    reasons = [(reason.value, str(reason.label)) for reason in Reason]
    return page(request, "unsubscribe", {"person": person, "reasons": reasons})


def _unsubscribed(request: HttpRequest, person: Subscriber) -> HttpResponse:
    return page(request, "unsubscribed", {"person": person, "preferences": _preferences(person)})


def _preferences(person: Subscriber) -> str:
    """On the same host, as the page's policy (form-action) allows no other target."""
    token = sign(Purpose.PREFERENCES, person.subtask_id)
    return reverse("tracking:preferences", args=[token])
