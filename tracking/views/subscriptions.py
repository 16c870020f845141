"""Unsubscribe by one click in a mail program (RFC 8058) or on a page, and subscribe again. No limit
ever prevents unsubscribing with a valid token."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from campaigns.models.contacts import SuppressionReason
from tracking import rate_limits, subscriptions
from tracking.links.personalise import TEST
from tracking.links.tokens import Purpose, read, sign
from tracking.subscriptions import Reason, Subscriber
from tracking.views.public import form_of, limited, not_found, of_test, page, public, reject

CHOICE = "choice"


@public("unsubscribe", "GET", "HEAD", "POST", needs_form=False)
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, since scanners follow links. POST unsubscribes and answers 200, never a redirect.

    RFC 8058 says what a mail program must post; not all comply, and the token alone is clear
    enough, so the form's content is ignored.
    """
    if read(Purpose.UNSUBSCRIBE, token) == (TEST,):
        return of_test(request, "This link unsubscribes the recipient.")
    person = _subscriber(Purpose.UNSUBSCRIBE, token)
    if person is None:
        return not_found(request, "unsubscribe")
    if request.method != "POST":
        return _asked(request, person)
    subscriptions.unsubscribe(person, form_of(request).get("reason", ""))
    return _unsubscribed(request, person)


@public("preferences", "GET", "HEAD", "POST")
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """Shows whether the recipient gets mail, with a button to change it."""
    if read(Purpose.PREFERENCES, token) == (TEST,):
        return of_test(request, "This link shows the recipient's subscription.")
    person = _subscriber(Purpose.PREFERENCES, token)
    if person is None:
        return not_found(request, "preferences")
    too_many = _choose(request, person) if request.method == "POST" else _look(request, person)
    return too_many or page(
        request, "preferences", {"person": person, "reason": subscriptions.state_of(person)}
    )


def _look(request: HttpRequest, person: Subscriber) -> HttpResponse | None:
    return limited(request, "preferences", rate_limits.PAGES, person.subtask_id)


def _choose(request: HttpRequest, person: Subscriber) -> HttpResponse | None:
    """Apply the choice. Returns a response when the limit is used up."""
    match request.POST.get(CHOICE):
        case "unsubscribe":
            subscriptions.unsubscribe(person)
        case "subscribe":
            if wait := limited(request, "preferences", rate_limits.CHANGES, person.subtask_id):
                return wait
            subscriptions.resubscribe(person)
        case _:
            return reject(request, "preferences", "form")
    return None


def _asked(request: HttpRequest, person: Subscriber) -> HttpResponse:
    if too_many := limited(request, "unsubscribe", rate_limits.PAGES, person.subtask_id):
        return too_many
    is_off = subscriptions.state_of(person) == SuppressionReason.UNSUBSCRIBED
    return _unsubscribed(request, person) if is_off else _question(request, person)


def _subscriber(purpose: Purpose, token: str) -> Subscriber | None:
    ids = read(purpose, token)
    return subscriptions.subscriber(*ids) if ids else None


def _question(request: HttpRequest, person: Subscriber) -> HttpResponse:
    reasons = [(reason.value, str(reason.label)) for reason in Reason]
    return page(request, "unsubscribe", {"person": person, "reasons": reasons})


def _unsubscribed(request: HttpRequest, person: Subscriber) -> HttpResponse:
    return page(request, "unsubscribed", {"person": person, "preferences": _preferences(person)})


def _preferences(person: Subscriber) -> str:
    """On the same host, as the page's policy (form-action) allows no other target."""
    token = sign(Purpose.PREFERENCES, person.subtask_id)
    return reverse("tracking:preferences", args=[token])
