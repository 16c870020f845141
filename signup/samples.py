"""A form's page and the message that asks to confirm, with made-up texts: in them an owner's look
is previewed."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.brands.face import Face
from campaigns.brands.samples import LIGHT, Sample
from signup.answers import AnswerForm
from signup.models import PENDING_DAYS, SignUpForm, Wording


def _form() -> SignUpForm:
    return SignUpForm(
        key="sample",
        title=gettext("Our news"),
        text=gettext("Once a month, what is new here."),
        mail_text=gettext("Thank you for your interest in our news."),
    )


def page(face: Face) -> str:
    form = _form()
    wording = Wording(number=1, text=gettext("I want news by mail, and can leave at any time."))
    answers = AnswerForm(form, wording, asked=(), topics=())
    context = {"face": face, "form": form, "wording": wording, "answers": answers}
    return render_to_string("signup/page.html", context)


def mail(face: Face) -> str:
    context = {"face": face, "form": _form(), "url": "https://…", "days": PENDING_DAYS}
    return render_to_string("signup/mail.html", context)


SAMPLES = (
    Sample("sign_up", _("Signing up"), page),
    Sample("confirm", _("Message that asks to confirm"), mail, schemes=(LIGHT,)),
)
