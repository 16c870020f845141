"""Mailgun: an account in the US or the EU, one sending domain per service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from anymail.backends.mailgun import EmailBackend
from anymail.signals import AnymailTrackingEvent
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from dispatch.errors import ServiceError
from dispatch.providers.anymail.provider import AnymailProvider
from dispatch.providers.bounces import by_status_code
from dispatch.providers.classification import Blame, Rule
from dispatch.providers.hooks import Post
from dispatch.providers.http import fields
from dispatch.providers.http.transport import Request
from dispatch.providers.mailgun.signature import check_signature
from tracking.event_kinds import EventKind

BY_REASON = {
    "bounce": EventKind.HARD_BOUNCED,
    "suppress-bounce": EventKind.HARD_BOUNCED,
    # Mailgun's own lists.
    "suppress-complaint": EventKind.REJECTED,
    "suppress-unsubscribe": EventKind.REJECTED,
    "espblock": EventKind.REJECTED,
}


class MailgunForm(forms.Form):
    region = fields.region(
        ("us", "US"), ("eu", "EU"), help_text=_("Where the domain was added at Mailgun.")
    )
    api_key = fields.secret(
        _("A sending key of the domain, or a key of the account."), label=_("API key")
    )
    sender_domain = forms.RegexField(
        r"\A[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\Z",
        required=False,
        max_length=253,
        error_messages={"invalid": _("Enter a domain name, such as mg.example.com.")},
        help_text=_("The domain at Mailgun. Blank: the domain of the service."),
        label=_("Sender domain"),
    )
    webhook_signing_key = fields.secret(
        _("In Mailgun: Send, Webhooks, HTTP webhook signing key. Without it no events are taken."),
        required=False,
        label=_("Webhook signing key"),
    )
    api_url = fields.api_url()


class MailgunProvider(AnymailProvider):
    name = "mailgun"
    label = "Mailgun"
    largest_message = 25_000_000
    settings_form = MailgunForm
    webhook_secrets = ("webhook_signing_key",)
    secret_fields = frozenset({"api_key", "webhook_signing_key"})
    urls = {"us": "https://api.mailgun.net/", "eu": "https://api.eu.mailgun.net/"}
    backend = EmailBackend
    webhook = MailgunTrackingWebhookView
    switches_tracking = True
    refusals = (
        Rule(
            Blame.PERSON,
            "400",
            text=r"(?s)not allowed to send|sandbox subdomain|domain .{1,253} is disabled",
        ),
        Rule(Blame.PERSON, "400", text=r"'from' parameter"),
        Rule(Blame.BOUNCE, "400", text=r"'to' parameter is not a valid address|invalid recipient"),
    )

    def backend_options(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "api_key": settings["api_key"],
            "sender_domain": _domain(settings),
            "api_url": self.root(settings) + "v3/",
        }

    def account_request(self, settings: Mapping[str, Any]) -> Request:
        return {
            "method": "GET",
            "url": f"{self.root(settings)}v3/domains/{quote(_domain(settings), safe='')}",
            "auth": ("api", settings["api_key"]),
        }

    def describe_account(self, answer: Any, settings: Mapping[str, Any]) -> str:
        domain = answer["domain"]
        if domain["state"] != "active":
            raise ServiceError(
                gettext_noop(
                    "Mailgun says that %(domain)s is %(state)s: see to its DNS records there."
                )
                % {"domain": domain["name"], "state": domain["state"]},
                needs_person=True,
            )
        return gettext_noop("Mailgun answered: %(domain)s is active.") % {"domain": domain["name"]}

    def describe_connection(self, settings: Mapping[str, Any]) -> str:
        try:
            return super().describe_connection(settings)
        except ServiceError as error:
            if error.code not in (401, 403):
                raise
            raise ServiceError(
                gettext_noop(
                    "%(reason)s (A key for sending only is refused here even if it is "
                    "right: send a test mail.)"
                )
                % {"reason": error.reply},
                code=error.code,
                needs_person=True,
            ) from error

    # Webhooks

    def authenticate(self, post: Post) -> None:
        check_signature(post)

    def view_options(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {"webhook_signing_key": settings["webhook_signing_key"]}

    def kind_of(self, event: AnymailTrackingEvent) -> EventKind | None:
        data = self.payload_of(event)
        if data["event"] != "failed":
            return super().kind_of(event)
        if data.get("severity") == "temporary":
            return EventKind.DEFERRED
        status = data.get("delivery-status") or {}
        said = status.get("message") or status.get("description")
        kind = by_status_code(status.get("enhanced-code"), status.get("code"), said)
        return kind or BY_REASON.get(data.get("reason", ""), EventKind.SOFT_BOUNCED)

    def payload_of(self, event: AnymailTrackingEvent) -> Mapping[str, Any]:
        data: Mapping[str, Any] = event.esp_event["event-data"]
        return data

    def identity_of(self, event: AnymailTrackingEvent) -> tuple[object, ...]:
        """Its ids are unique within a day only; the token of the signature is new for each try."""
        data = self.payload_of(event)
        return (data["id"], data["timestamp"], event.recipient)


def _domain(settings: Mapping[str, Any]) -> str:
    return str(settings.get("sender_domain") or settings.get("domain") or "")
