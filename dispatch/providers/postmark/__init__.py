"""Postmark: one token per server, one stream for campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anymail.backends.postmark import EmailBackend
from anymail.signals import AnymailTrackingEvent
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from dispatch.providers.anymail.provider import AnymailProvider
from dispatch.providers.classification import Blame, Rule
from dispatch.providers.http import fields
from dispatch.providers.http.transport import Request
from tracking.event_kinds import EventKind

BY_TYPE = {
    "HardBounce": EventKind.HARD_BOUNCED,
    "BadEmailAddress": EventKind.HARD_BOUNCED,
    "SoftBounce": EventKind.SOFT_BOUNCED,
    "Undeliverable": EventKind.SOFT_BOUNCED,
    "Unknown": EventKind.SOFT_BOUNCED,
    # Spam filters and policies of the receiver, or Postmark's own list: the address may be fine.
    "SpamNotification": EventKind.REJECTED,
    "VirusNotification": EventKind.REJECTED,
    "Blocked": EventKind.REJECTED,
    "DMARCPolicy": EventKind.REJECTED,
    "ManuallyDeactivated": EventKind.REJECTED,
}

_INVALID = r'(?s)"ErrorCode":\s*300\b.{0,200}(Invalid|Error parsing) '


class PostmarkForm(forms.Form):
    server_token = fields.secret(
        _("In Postmark: the server, then API Tokens."), label=_("Server token")
    )
    message_stream = fields.word(
        _("The stream for campaigns; Postmark wants them apart from transactional mail."),
        initial="broadcast",
        label=_("Message stream"),
    )
    webhook_password = fields.webhook_password()
    api_url = fields.api_url()


class PostmarkProvider(AnymailProvider):
    name = "postmark"
    label = "Postmark"
    largest_message = 10_000_000
    settings_form = PostmarkForm
    webhook_secrets = ("webhook_password",)
    secret_fields = frozenset({"server_token", "webhook_password"})
    urls = {"": "https://api.postmarkapp.com/"}
    backend = EmailBackend
    webhook = PostmarkTrackingWebhookView
    switches_tracking = True
    refusals = (
        # Sender signatures, approval, credits (400, 401, 405, 412, 413), streams (1226, 1235).
        Rule(Blame.PERSON, "422", text=r'"ErrorCode":\s*(10|400|401|405|412|413|1226|1235)\b'),
        Rule(Blame.REFUSED, "422", text=r'"ErrorCode":\s*406\b'),
        Rule(Blame.BOUNCE, "422", text=_INVALID + "'To'"),
        Rule(Blame.PERSON, "422", text=_INVALID + "'From'"),
    )

    def backend_options(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "server_token": settings["server_token"],
            "message_stream": settings.get("message_stream") or None,
            "api_url": self.root(settings),
        }

    def account_request(self, settings: Mapping[str, Any]) -> Request:
        return {
            "method": "GET",
            "url": self.root(settings) + "server",
            "headers": {
                "Accept": "application/json",
                "X-Postmark-Server-Token": settings["server_token"],
            },
        }

    def describe_account(self, answer: Any, settings: Mapping[str, Any]) -> str:
        text = gettext_noop("Postmark answered for the server “%(server)s”.")
        if _is_sandbox(answer):
            text = gettext_noop(
                "Postmark answered for the server “%(server)s”. It is a sandbox: nothing is "
                "delivered."
            )
        return text % {"server": answer["Name"]}

    def kind_of(self, event: AnymailTrackingEvent) -> EventKind | None:
        told = event.esp_event.get("Type") or event.esp_event.get("SuppressionReason")
        if event.esp_event.get("RecordType") in ("Bounce", "SubscriptionChange"):
            return BY_TYPE.get(told) or super().kind_of(event)
        return super().kind_of(event)


def _is_sandbox(answer: Any) -> bool:
    return str(answer.get("DeliveryType", "Live")).lower() == "sandbox"
