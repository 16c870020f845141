"""The page behind the link in the message: it asks once more, because scanners follow links."""

from __future__ import annotations

from functools import partial

from django.db.models import Q
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

from signup import confirming, faces
from signup.asking import is_mailed_never
from signup.models import SignUp, SignUpForm, State
from tracking import rate_limits, recording
from tracking.events import sanitize
from tracking.links.tokens import Purpose, read
from tracking.subscriptions import masked
from tracking.views.public import limited, not_found, page, public, shows

ENDPOINT = "confirmation"


@public(ENDPOINT, "GET", "HEAD", "POST")
def confirmation(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST confirms; again and again it is the same. One that was deleted looks like one
    that is over: whose form it was says the token."""
    ids = read(Purpose.SIGN_UP, token, ids=2) or read(Purpose.SIGN_UP, token)
    if ids is None:
        return not_found(request, ENDPOINT)
    form = _form_of(*ids)
    if form is None:
        return _answer(request, ids[0], None)
    shows(request, partial(faces.of_form, form))
    with form.speaking(get_language()):
        return _answer(request, ids[0], form)


def _form_of(sign_up_id: int, form_id: int | None = None) -> SignUpForm | None:
    """Tokens of older messages name the sign-up alone."""
    found = SignUpForm.objects.select_related("sender", "service")
    return found.filter(Q(pk=form_id) if form_id else Q(sign_ups=sign_up_id)).first()


def _answer(request: HttpRequest, sign_up_id: int, form: SignUpForm | None) -> HttpResponse:
    if request.method == "POST":
        network = sanitize.network(recording.client_address(request))
        sign_up = confirming.confirm(sign_up_id, network)
    else:
        if too_many := limited(request, ENDPOINT, rate_limits.PAGES, sign_up_id):
            return too_many
        sign_up = _valid(sign_up_id)
    if sign_up is None:
        return page(request, "signup/expired", {"form": form}, status=404)
    return _shown(request, sign_up)


def _shown(request: HttpRequest, sign_up: SignUp) -> HttpResponse:
    is_confirmed = sign_up.state == State.CONFIRMED
    context = {
        "sign_up": sign_up,
        "address": masked(sign_up.email),
        "is_blocked": is_confirmed and is_mailed_never(sign_up.email),
    }
    return page(request, "signup/confirmed" if is_confirmed else "signup/confirm", context)


def _valid(sign_up_id: int) -> SignUp | None:
    found = SignUp.objects.select_related("form", "wording")
    sign_up = found.filter(pk=sign_up_id).first()
    in_time = found.filter(pk=sign_up_id, expires_at__gt=Now()).exists()
    return sign_up if sign_up and (sign_up.state == State.CONFIRMED or in_time) else None
