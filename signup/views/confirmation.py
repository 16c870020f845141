"""The page behind the link in the message: it asks once more, because scanners follow links."""

from __future__ import annotations

from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

from signup import confirming
from signup.asking import is_mailed_never
from signup.models import SignUp, State
from tracking import rate_limits, recording
from tracking.events import sanitize
from tracking.links.tokens import Purpose, read
from tracking.subscriptions import masked
from tracking.views.public import limited, not_found, page, public

ENDPOINT = "confirmation"


@public(ENDPOINT, "GET", "HEAD", "POST")
def confirmation(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST confirms; again and again it is the same. One that was deleted looks like one
    that never was."""
    ids = read(Purpose.SIGN_UP, token)
    if ids is None:
        return not_found(request, ENDPOINT)
    if request.method == "POST":
        network = sanitize.network(recording.client_address(request))
        sign_up = confirming.confirm(ids[0], network)
    else:
        if too_many := limited(request, ENDPOINT, rate_limits.PAGES, ids[0]):
            return too_many
        sign_up = _valid(ids[0])
    if sign_up is None:
        return page(request, "signup/expired", status=404)
    with sign_up.form.speaking(get_language()):
        return _shown(request, sign_up)


def _shown(request: HttpRequest, sign_up: SignUp) -> HttpResponse:
    is_confirmed = sign_up.state == State.CONFIRMED
    context = {
        "sign_up": sign_up,
        "address": masked(sign_up.email),
        "sender": sign_up.form.shown_sender,
        "is_blocked": is_confirmed and is_mailed_never(sign_up.email),
    }
    return page(request, "signup/confirmed" if is_confirmed else "signup/confirm", context)


def _valid(sign_up_id: int) -> SignUp | None:
    found = SignUp.objects.select_related("form__sender", "form__service", "wording")
    sign_up = found.filter(pk=sign_up_id).first()
    in_time = found.filter(pk=sign_up_id, expires_at__gt=Now()).exists()
    return sign_up if sign_up and (sign_up.state == State.CONFIRMED or in_time) else None
