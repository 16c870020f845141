"""Brevo, transactional API v3. It de-duplicates by a UUID among the message's headers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from anymail.backends.brevo import EmailBackend
from anymail.signals import AnymailTrackingEvent
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from admin_kit.words.numbers import number
from dispatch.message.message import Message
from dispatch.providers.anymail.provider import AnymailProvider
from dispatch.providers.classification import Blame, Rule
from dispatch.providers.http import fields
from dispatch.providers.http.transport import Request
from tracking.event_kinds import Actor, EventKind

KEYS = uuid.UUID("5f3c2a52-6b3b-4a34-9e0a-7d5a1d4c8a10")
"""The namespace in which our keys become UUIDs."""

BY_EVENT = {
    # Beyond the names that django-anymail knows: Brevo writes some of them in two ways.
    "sent": EventKind.ACCEPTED,
    "unsubscribed": EventKind.UNSUBSCRIBED,
    "invalid": EventKind.HARD_BOUNCED,
    "hard_bounce": EventKind.HARD_BOUNCED,
    "invalid_email": EventKind.HARD_BOUNCED,
    "soft_bounce": EventKind.SOFT_BOUNCED,
}


ENDINGS = frozenset(
    """
xlsx xls ods docx docm doc csv pdf txt gif jpg jpeg png tif tiff rtf bmp cgm css shtml html htm
zip xml ppt pptx tar ez ics mobi msg pub eps odt mp3 m4a m4v wma ogg flac wav aif aifc aiff mp4
mov avi mkv mpeg mpg wmv pkpass xlsm
""".split()  # noqa: SIM905
)
"""Of files that it takes, as its reference lists them."""


class BrevoForm(forms.Form):
    api_key = fields.secret(_("In Brevo: SMTP & API, API keys."), label=_("API key"))
    webhook_password = fields.webhook_password()
    api_url = fields.api_url()


class BrevoProvider(AnymailProvider):
    name = "brevo"
    label = "Brevo"
    largest_message = 20_000_000
    attachment_endings = ENDINGS
    settings_form = BrevoForm
    webhook_secrets = ("webhook_password",)
    secret_fields = frozenset({"api_key", "webhook_password"})
    idempotency_window_seconds = 15 * 60  # Brevo documents 15 minutes in one place, 30 in another
    urls = {"": "https://api.brevo.com/"}
    backend = EmailBackend
    webhook = BrevoTrackingWebhookView
    tells_quota = True
    fills_in_braces = True
    refusals = (
        # It has had this key before, and does not say what became of it: its events will.
        Rule(Blame.UNKNOWN, "4..", text=r'"duplicate_(parameter|request)"'),
        Rule(
            Blame.PERSON,
            "400",
            text=r"(?s)sender.{0,200}(not valid|invalid|not verified)"
            r"|account.{0,200}(suspend|activ)",
        ),
        Rule(Blame.PERSON, "400", text=r'"(unauthorized|permission_denied|not_enough_credits)"'),
        Rule(Blame.BOUNCE, "400", text=r"email is not valid in to"),
    )

    def backend_options(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {"api_key": settings["api_key"], "api_url": self.root(settings) + "v3/"}

    def mail_headers(self, message: Message) -> dict[str, str]:
        if not message.idempotency_key:
            return {}
        return {"idempotencyKey": str(uuid.uuid5(KEYS, message.idempotency_key))}

    def account_request(self, settings: Mapping[str, Any]) -> Request:
        return {
            "method": "GET",
            "url": self.root(settings) + "v3/account",
            "headers": {"api-key": settings["api_key"], "Accept": "application/json"},
        }

    def describe_account(self, answer: Any, settings: Mapping[str, Any]) -> str:
        plans = [
            gettext_noop("%(count)s credits (%(kind)s)")
            % {"count": number(plan["credits"]), "kind": plan["type"]}
            for plan in answer["plan"]
        ]
        return gettext_noop("Brevo answered for the account %(account)s: %(plans)s.") % {
            "account": answer["email"],
            "plans": ", ".join(plans),
        }

    # Webhooks

    def kind_of(self, event: AnymailTrackingEvent) -> EventKind | None:
        return BY_EVENT.get(event.esp_event.get("event", "")) or super().kind_of(event)

    def actor_of(self, event: AnymailTrackingEvent) -> Actor:
        is_proxy = "proxy" in event.esp_event.get("event", "")
        return Actor.PROXY if is_proxy else Actor.PERSON
