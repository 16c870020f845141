"""SendGrid (Twilio), Web API v3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anymail.backends.sendgrid import EmailBackend
from anymail.signals import AnymailTrackingEvent
from anymail.webhooks.sendgrid import SendGridTrackingWebhookView
from django import forms
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from dispatch.errors import ServiceError
from dispatch.message.message import Message
from dispatch.providers.anymail.provider import AnymailProvider
from dispatch.providers.bounces import by_status_code
from dispatch.providers.classification import Blame, Rule
from dispatch.providers.hooks import Post
from dispatch.providers.http import fields
from dispatch.providers.http.transport import Request
from dispatch.providers.sendgrid.signature import check_signature, public_key
from tracking.event_kinds import Actor, EventKind

BY_CLASSIFICATION = {
    "Invalid Address": EventKind.HARD_BOUNCED,
    "Mailbox Unavailable": EventKind.SOFT_BOUNCED,
    "Technical": EventKind.SOFT_BOUNCED,
    "Frequency or Volume Too High": EventKind.SOFT_BOUNCED,
    "Content": EventKind.REJECTED,
    "Reputation": EventKind.REJECTED,
}


class SendGridForm(forms.Form):
    region = fields.region(
        ("global", _("Global")),
        ("eu", "EU"),
        help_text=_("EU: for a subuser that is kept in the EU."),
    )
    api_key = fields.secret(_("A key that may send mail (“Mail Send”)."), label=_("API key"))
    verification_key = forms.CharField(
        required=False,
        max_length=1000,
        label=_("Webhook verification key"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=(
            _("The public key of the signed event webhook. Without it no events are taken.")
        ),
    )
    api_url = fields.api_url()

    def clean_verification_key(self) -> str:
        key = "".join(str(self.cleaned_data["verification_key"]).split())
        if key:
            try:
                public_key(key)
            except ValueError as error:
                raise forms.ValidationError(
                    gettext("This is no public key as SendGrid shows it.")
                ) from error
        return key


class SendGridProvider(AnymailProvider):
    name = "sendgrid"
    label = "SendGrid"
    largest_message = 30_000_000
    settings_form = SendGridForm
    webhook_secrets = ("verification_key",)
    secret_fields = frozenset({"api_key"})
    urls = {"global": "https://api.sendgrid.com/", "eu": "https://api.eu.sendgrid.com/"}
    backend = EmailBackend
    webhook = SendGridTrackingWebhookView
    accepts_with = frozenset({202})  # 200: found valid, not sent
    posts_arrays = True
    switches_tracking = True
    refusals = (
        Rule(Blame.PERSON, "400", text=r'"field":\s*"from|sender identity'),
        Rule(Blame.PERSON, "400", text=r"exceeded your messaging limits"),
        Rule(Blame.BOUNCE, "400", text=r'"field":\s*"personalizations\.\d+\.to'),
        Rule(Blame.MESSAGE, "413"),
    )

    def backend_options(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {"api_key": settings["api_key"], "api_url": self.root(settings) + "v3/"}

    def esp_extra(self, message: Message) -> dict[str, Any]:
        switched_off = ("subscription_tracking", "ganalytics")
        return {"tracking_settings": {name: {"enable": False} for name in switched_off}}

    def account_request(self, settings: Mapping[str, Any]) -> Request:
        return {
            "method": "GET",
            "url": self.root(settings) + "v3/scopes",
            "headers": {"Authorization": f"Bearer {settings['api_key']}"},
        }

    def describe_account(self, answer: Any, settings: Mapping[str, Any]) -> str:
        if "mail.send" not in answer["scopes"]:
            raise ServiceError(
                gettext_noop(
                    "SendGrid knows the key, but the key may not send: give it “Mail Send” there."
                ),
                needs_person=True,
            )
        return gettext_noop("SendGrid answered; the key may send mail.")

    # Webhooks

    def authenticate(self, post: Post) -> None:
        check_signature(post)

    def kind_of(self, event: AnymailTrackingEvent) -> EventKind | None:
        told = event.esp_event
        if told["event"] != "bounce":
            return super().kind_of(event)
        if told.get("type") == "blocked":
            return EventKind.REJECTED
        classified = BY_CLASSIFICATION.get(told.get("bounce_classification", ""))
        coded = by_status_code(told.get("status"), text=told.get("reason"))
        return classified or coded or EventKind.SOFT_BOUNCED

    def actor_of(self, event: AnymailTrackingEvent) -> Actor:
        return Actor.MACHINE if event.esp_event.get("sg_machine_open") else Actor.PERSON
