"""Unsubscribing, by one click of a mail program (RFC 8058) or on a page, and the way back."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from campaigns.models.contacts import SuppressionReason
from tracking import refusals, subscriptions
from tracking.subscriptions import Reason, Subscriber
from tracking.tokens import Purpose, read, sign
from tracking.views.public import not_found, page, public

ONE_CLICK, CONFIRMED, CHOICE = "List-Unsubscribe", "confirmed", "choice"


@public("unsubscribe", "GET", "HEAD", "POST")
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks; scanners follow links. POST unsubscribes and answers 200, never a redirect."""
    person = _subscriber(Purpose.UNSUBSCRIBE, token)
    if person is None:
        return not_found(request, "unsubscribe")
    if request.method != "POST":
        is_off = subscriptions.state_of(person) == SuppressionReason.UNSUBSCRIBED
        return _unsubscribed(request, person) if is_off else _question(request, person)
    if not _is_meant(request):
        refusals.count("unsubscribe", "form")
        return _question(request, person, status=400)
    subscriptions.unsubscribe(person, request.POST.get("reason", ""))
    return _unsubscribed(request, person)


@public("preferences", "GET", "HEAD", "POST")
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """Whether one gets mail, and a button to change it."""
    person = _subscriber(Purpose.PREFERENCES, token)
    if person is None:
        return not_found(request, "preferences")
    if request.method == "POST":
        match request.POST.get(CHOICE):
            case "subscribe":
                subscriptions.resubscribe(person)
            case "unsubscribe":
                subscriptions.unsubscribe(person)
            case _:
                refusals.count("preferences", "form")
    return page(
        request, "preferences", {"person": person, "reason": subscriptions.state_of(person)}
    )


def _subscriber(purpose: Purpose, token: str) -> Subscriber | None:
    ids = read(purpose, token)
    return subscriptions.subscriber(*ids) if ids else None


def _is_meant(request: HttpRequest) -> bool:
    """Sent by a mail program, as the header List-Unsubscribe-Post says, or by our page."""
    one_click = request.POST.get(ONE_CLICK, "").strip().lower() == "one-click"
    return one_click or CONFIRMED in request.POST


def _question(request: HttpRequest, person: Subscriber, status: int = 200) -> HttpResponse:
    reasons = [(reason.value, str(reason.label)) for reason in Reason]
    return page(request, "unsubscribe", {"person": person, "reasons": reasons}, status)


def _unsubscribed(request: HttpRequest, person: Subscriber) -> HttpResponse:
    return page(request, "unsubscribed", {"person": person, "preferences": _preferences(person)})


def _preferences(person: Subscriber) -> str:
    """On the same host, or the policy of the page would not let its form go there."""
    token = sign(Purpose.PREFERENCES, person.subtask_id)
    return reverse("tracking:preferences", args=[token])
