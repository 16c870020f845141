"""Resend. It de-duplicates by a header of the request, and wants the same bytes again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anymail.backends.resend import EmailBackend
from anymail.signals import AnymailTrackingEvent, EventType
from anymail.webhooks.resend import ResendTrackingWebhookView
from django import forms
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from dispatch.errors import ServiceError
from dispatch.providers.anymail.provider import AnymailProvider
from dispatch.providers.classification import Blame, Rule
from dispatch.providers.hooks import Post
from dispatch.providers.http import fields
from dispatch.providers.http.transport import Request
from dispatch.providers.resend.signature import check_signature, signing_key
from tracking.event_kinds import EventKind

BY_BOUNCE_TYPE = {
    "Permanent": EventKind.HARD_BOUNCED,
    "Transient": EventKind.SOFT_BOUNCED,
    "Undetermined": EventKind.SOFT_BOUNCED,
}
REJECTED_SUBTYPES = frozenset(
    {
        "Suppressed",
        "OnAccountSuppressionList",
        "MessageTooLarge",
        "ContentRejected",
        "AttachmentRejected",
    }
)
BY_TYPE = {"email.failed": EventKind.REJECTED, "email.suppressed": EventKind.REJECTED}


class ResendForm(forms.Form):
    api_key = fields.secret(_("A key that may send from the domain."), label=_("API key"))
    signing_secret = fields.secret(
        _("What Resend shows for the webhook (whsec_…). Without it no events are taken."),
        required=False,
        label=_("Webhook signing secret"),
    )
    api_url = fields.api_url()

    def clean_signing_secret(self) -> str:
        secret = str(self.cleaned_data["signing_secret"])
        if secret:
            try:
                signing_key(secret)
            except ValueError as error:
                raise forms.ValidationError(
                    gettext("This is no signing secret: whsec_….")
                ) from error
        return secret


class ResendProvider(AnymailProvider):
    name = "resend"
    label = "Resend"
    largest_message = 40_000_000
    settings_form = ResendForm
    webhook_secrets = ("signing_secret",)
    secret_fields = frozenset({"api_key", "signing_secret"})
    idempotency_window_seconds = 24 * 60 * 60
    idempotency_header = "Idempotency-Key"
    urls = {"": "https://api.resend.com/"}
    backend = EmailBackend
    webhook = ResendTrackingWebhookView
    refusals = (
        # The key is in use, or was used for other bytes: what became of that is not known.
        Rule(Blame.UNKNOWN, "409"),
        Rule(Blame.PERSON, "4..", text=r'"(invalid_from_address|invalid_access)"'),
        Rule(Blame.PERSON, "4..", text=r'"restricted_api_key"|not verified'),
        Rule(Blame.BOUNCE, "422", text=r"invalid `to` field"),
    )

    def backend_options(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "api_key": settings["api_key"],
            "api_url": self.root(settings),
            # It goes by a table of the host's. What we attach has the type of its name.
            "verify_attachment_extensions": False,
        }

    def account_request(self, settings: Mapping[str, Any]) -> Request:
        return {
            "method": "GET",
            "url": self.root(settings) + "domains",
            "headers": {"Authorization": f"Bearer {settings['api_key']}"},
        }

    def describe_connection(self, settings: Mapping[str, Any]) -> str:
        try:
            return super().describe_connection(settings)
        except ServiceError as error:
            if "restricted_api_key" in error.reply:
                return gettext_noop("Resend knows the key; it may send, and nothing else.")
            raise

    def describe_account(self, answer: Any, settings: Mapping[str, Any]) -> str:
        domain = settings.get("domain", "")
        states = {each["name"]: each["status"] for each in answer["data"]}
        if domain and states.get(domain, "missing") != "verified":
            raise ServiceError(
                gettext_noop(
                    "Resend knows the key, but %(domain)s is %(state)s there: add and verify it."
                )
                % {"domain": domain, "state": states.get(domain, "missing")},
                needs_person=True,
            )
        return gettext_noop("Resend answered: %(reason)s is ready.") % {
            "reason": domain or gettext_noop("the account")
        }

    # Webhooks

    def authenticate(self, post: Post) -> None:
        check_signature(post)

    def kind_of(self, event: AnymailTrackingEvent) -> EventKind | None:
        if event.event_type != EventType.BOUNCED:
            return BY_TYPE.get(event.esp_event["type"]) or super().kind_of(event)
        bounce = event.esp_event["data"].get("bounce") or {}
        if bounce.get("subType") in REJECTED_SUBTYPES:
            return EventKind.REJECTED
        return BY_BOUNCE_TYPE.get(bounce.get("type", ""), EventKind.SOFT_BOUNCED)
