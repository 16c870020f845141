"""A form's page. What forms on other sites post leads here, too: it is filled in then, and the
button is pressed once more, below the wording of today."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language, gettext_noop

from signup import asking, faces
from signup.answers import AnswerForm
from signup.asking import ENDPOINT
from signup.models import SignUpForm, Wording, origins_in
from signup.views import page_tokens
from tracking import rate_limits, recording
from tracking.events import sanitize
from tracking.views import public
from tracking.views.public import page, reject, too_many

HONEYPOT = "homepage"
"""A field that people do not see; programs fill it in."""
MARK = "t"
MOST_BYTES = 60_000
"""Of a posted form: 20 answers of 200 characters, as long as such may become."""


@public.public(ENDPOINT, "GET", "HEAD", "POST", most_bytes=MOST_BYTES)
def hosted(request: HttpRequest, key: str) -> HttpResponse:
    """POST stores a sign-up and has a message sent; what it answers says nothing of the address."""
    form = SignUpForm.objects.select_related("sender", "service").filter(key=key).first()
    wording = form.wording() if form else None
    if form is None or wording is None:
        return public.not_found(request, ENDPOINT)
    public.shows(request, partial(faces.of_form, form))
    with form.speaking(get_language()):
        return framed(form, _answer(request, form, wording))


def _answer(request: HttpRequest, form: SignUpForm, wording: Wording) -> HttpResponse:
    if not form.enabled:
        return page(request, "signup/closed")
    answer = _posted(request, form, wording) if request.method == "POST" else None
    return answer or shown(request, form, wording)


def shown(
    request: HttpRequest,
    form: SignUpForm,
    wording: Wording,
    answers: AnswerForm | None = None,
    notice: str = "",
) -> HttpResponse:
    """The page of an enabled form. `answers` are shown again, with what is wrong in them."""
    return page(
        request,
        "signup/page",
        {
            "form": form,
            "wording": wording,
            "answers": answers or AnswerForm(form, wording),
            "notice": notice,
            "mark": page_tokens.mark(form, wording),
            "honeypot": HONEYPOT,
        },
    )


def framed(form: SignUpForm, response: HttpResponse) -> HttpResponse:
    """Let the sites that the owner named show it in a frame; no other may."""
    if origins := origins_in(form.framed_by):
        ancestors = " ".join(["frame-ancestors", *origins])
        policy = response.headers.get("Content-Security-Policy", public.BARE_POLICY)
        response.headers["Content-Security-Policy"] = policy.replace(
            "frame-ancestors 'none'", ancestors
        )
        response.xframe_options_exempt = True
    return response


def _posted(request: HttpRequest, form: SignUpForm, wording: Wording) -> HttpResponse | None:
    posted = request.POST
    if posted.get(HONEYPOT):
        return reject(request, ENDPOINT, "honeypot") or _thanks(request)
    opened = page_tokens.read(form, posted.get(MARK, ""))
    if posted.get(MARK) and opened is None:
        return reject(request, ENDPOINT, "mark") or _again(request, form, wording)
    if opened is None or opened.wording != wording.number:
        return _again(request, form, wording)
    if opened.is_too_soon:
        return reject(request, ENDPOINT, gettext_noop("too soon")) or _again(request, form, wording)
    answers = AnswerForm(form, wording, posted)
    if not answers.is_valid():
        return shown(request, form, wording, answers)
    return _asked(request, form, wording, answers)


def _again(request: HttpRequest, form: SignUpForm, wording: Wording) -> HttpResponse:
    """With what was posted, and without complaints: the next press counts."""
    return shown(
        request, form, wording, AnswerForm(form, wording, shown=request.POST), notice="again"
    )


def _asked(
    request: HttpRequest, form: SignUpForm, wording: Wording, answers: AnswerForm
) -> HttpResponse:
    network = sanitize.network(recording.client_address(request))
    for limit, whom in (
        (rate_limits.SIGN_UPS_OF_NETWORK, f"sign-up {network}"),
        (rate_limits.SIGN_UPS_OF_FORM, f"sign-up {form.pk}"),
    ):
        if wait := rate_limits.seconds_to_wait(limit, whom):
            return too_many(request, ENDPOINT, wait)
    asking.ask(form, wording, answers.answers, network)
    return _thanks(request)


def _thanks(request: HttpRequest) -> HttpResponse:
    return page(request, "signup/thanks")
