"""Mailjet, Send API v3.1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anymail.backends.mailjet import EmailBackend
from anymail.signals import AnymailTrackingEvent
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from dispatch.providers.anymail.provider import AnymailProvider
from dispatch.providers.classification import Blame, Rule
from dispatch.providers.http import fields
from dispatch.providers.http.transport import Request
from tracking.event_kinds import EventKind

BY_RELATION = {
    # `error_related_to`: what Mailjet puts a bounce down to.
    "spam": EventKind.REJECTED,
    "content": EventKind.REJECTED,
    "policy": EventKind.REJECTED,
    "mailjet": EventKind.REJECTED,
}


class MailjetForm(forms.Form):
    region = fields.region(
        ("eu", _("Standard")),
        ("us", "US"),
        help_text=_("US only for accounts that are kept there."),
    )
    api_key = fields.secret(_("In Mailjet: Account, API key management."), label=_("API key"))
    secret_key = fields.secret(_("Shown once, when the API key was made."), label=_("Secret key"))
    webhook_password = fields.webhook_password()
    api_url = fields.api_url()


class MailjetProvider(AnymailProvider):
    name = "mailjet"
    label = "Mailjet"
    largest_message = 15_000_000
    settings_form = MailjetForm
    webhook_secrets = ("webhook_password",)
    secret_fields = frozenset({"api_key", "secret_key", "webhook_password"})
    urls = {"eu": "https://api.mailjet.com/", "us": "https://api.us.mailjet.com/"}
    backend = EmailBackend
    webhook = MailjetTrackingWebhookView
    switches_tracking = True
    refused_headers = frozenset({"list-id"})
    refusals = (
        Rule(Blame.PERSON, "4..", text=r'"(send-0008|mj-0015|send-0001)"'),
        Rule(Blame.PERSON, "4..", text=r'not (been )?validated|"From'),
        Rule(Blame.BOUNCE, "4..", text=r'(?s)"mj-0013".{0,400}"To'),
        Rule(Blame.MESSAGE, "403", text=r'"Messages"'),
    )

    def backend_options(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "api_key": settings["api_key"],
            "secret_key": settings["secret_key"],
            "api_url": self.root(settings) + "v3.1/",
        }

    def account_request(self, settings: Mapping[str, Any]) -> Request:
        return {
            "method": "GET",
            "url": self.root(settings) + "v3/REST/sender",
            "params": {"Limit": "0"},
            "auth": (settings["api_key"], settings["secret_key"]),
        }

    def describe_account(self, answer: Any, settings: Mapping[str, Any]) -> str:
        active = [each["Email"] for each in answer["Data"] if each["Status"] == "Active"]
        listed = ", ".join(sorted(active)[:5]) or "none"
        return gettext_noop("Mailjet answered. Active senders: %(listed)s.") % {"listed": listed}

    # Webhooks

    def kind_of(self, event: AnymailTrackingEvent) -> EventKind | None:
        told = event.esp_event
        if told["event"] != "bounce":
            return super().kind_of(event)
        if told.get("hard_bounce"):
            return EventKind.HARD_BOUNCED
        return BY_RELATION.get(told.get("error_related_to", "")) or super().kind_of(event)

    def identity_of(self, event: AnymailTrackingEvent) -> tuple[object, ...]:
        told = event.esp_event
        return (told["event"], told["time"], event.message_id, event.recipient, event.click_url)
