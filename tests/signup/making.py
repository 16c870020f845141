"""Forms to sign up with, strangers who use them, and the messages that they get."""

from __future__ import annotations

import email
import email.policy
import re
import time
from email.message import EmailMessage
from typing import Any
from unittest import mock

from django.contrib.auth.models import User
from django.test import Client
from django.utils.datastructures import MultiValueDict
from django.utils.http import urlencode

from campaigns.models import BackgroundJob
from dispatch.models import EmailService
from signup import mailing
from signup.models import SignUp, SignUpForm, Wording
from signup.views import page_tokens
from tests.factories import EmailServiceFactory, SenderFactory
from tests.responses import ClientResponse
from tests.smtp_server import SmtpServer
from tests.texts import group, part_of
from tests.tracking.visiting import BROWSER

ADA = "ada@example.com"
FORM_TYPE = "application/x-www-form-urlencoded"


def make_form(service: EmailService, **values: Any) -> SignUpForm:
    """With its first wording."""
    sender = values.pop("sender", None) or SenderFactory(reply_to="help@example.com")
    words = {"text": values.pop("wording", "I want news by mail."), "opens_text": ""}
    words["opens_text"] = values.pop("opens_text", "")
    many = {name: values.pop(name, []) for name in ("tags", "topics", "attributes")}
    ordinary = {"name": "Spring", "title": "Our news", "subject": "Please confirm"}
    form = SignUpForm.objects.create(
        owner=sender.owner, sender=sender, service=service, **{**ordinary, **values}
    )
    for name, rows in many.items():
        getattr(form, name).set(rows)
    Wording.objects.create(form=form, number=1, **words)
    return form


def sign_up_of(owner: User) -> SignUp:
    """With one of this owner's forms."""
    service = EmailService.objects.first() or EmailServiceFactory()
    form = make_form(service, sender=SenderFactory(owner=owner))
    wording = form.wordings.get()
    row: SignUp = SignUp.objects.create(form=form, wording=wording, email=ADA, mailbox=ADA)
    return row


def stranger(address: str = "203.0.113.7", **headers: str) -> Client:
    """Who comes from another site: with its origin, without cookies, and checked for CSRF."""
    return Client(
        enforce_csrf_checks=True,
        headers={"User-Agent": BROWSER, "Origin": "https://elsewhere.example", **headers},
        REMOTE_ADDR=address,
    )


def mark_of(form: SignUpForm, seconds: float = 60, number: int | None = None) -> str:
    """The mark of a page that was opened so many seconds ago."""
    wording = form.wording()
    assert wording is not None
    wording.number = number or wording.number
    then = time.time() - seconds
    with mock.patch("time.time", lambda: then):
        return page_tokens.mark(form, wording)


def entered(form: SignUpForm, **answers: Any) -> dict[str, Any]:
    """What a person posts who has read the page and agrees."""
    return {"email": ADA, "agree": "on", "t": mark_of(form), **answers}


def sign_up(form: SignUpForm, client: Client | None = None, /, **answers: Any) -> ClientResponse:
    body = urlencode(MultiValueDict(_lists(entered(form, **answers))), doseq=True)
    return (client or stranger()).post(form.path, body, content_type=FORM_TYPE)


def _lists(values: dict[str, Any]) -> dict[str, list[Any]]:
    return {name: each if isinstance(each, list) else [each] for name, each in values.items()}


def send_mail(form: SignUpForm) -> None:
    """What a worker does that was woken."""
    mailing.send_waiting(form.service_id)


def waits_for_a_worker() -> bool:
    return BackgroundJob.objects.filter(kind=mailing.KIND).exists()


def letters(smtp: SmtpServer) -> list[EmailMessage]:
    policy = email.policy.default
    return [email.message_from_bytes(each.data, policy=policy) for each in smtp.messages]


def link_in(letter: EmailMessage, site: str = "http://localhost:8000") -> str:
    """Its path: the host is that of PUBLIC_URL."""
    return group(rf"{re.escape(site)}(/y/[\w-]+)\s", part_of(letter, "plain"))
