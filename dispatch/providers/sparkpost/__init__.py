"""SparkPost (Bird), Transmissions API. It de-duplicates by a header of the request, and wants the
same payload again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anymail.backends.sparkpost import EmailBackend
from anymail.signals import AnymailTrackingEvent, EventType
from anymail.webhooks.sparkpost import SparkPostTrackingWebhookView
from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from dispatch.errors import ServiceError
from dispatch.providers.anymail.provider import AnymailProvider
from dispatch.providers.classification import Blame, Rule
from dispatch.providers.http import fields
from dispatch.providers.http.transport import Request
from tracking.event_kinds import EventKind

BY_BOUNCE_CLASS = {
    "10": EventKind.HARD_BOUNCED,  # invalid recipient
    "30": EventKind.HARD_BOUNCED,  # no such recipient
    "23": EventKind.REJECTED,  # too large
    "25": EventKind.REJECTED,  # configured policies, SparkPost's own list
    "50": EventKind.REJECTED,  # mail block
    "51": EventKind.REJECTED,  # spam block
    "52": EventKind.REJECTED,  # spam content
    "53": EventKind.REJECTED,  # prohibited attachment
    "54": EventKind.REJECTED,  # relaying denied
}


class SparkPostForm(forms.Form):
    region = fields.region(("us", "US"), ("eu", "EU"), help_text=_("Where the account is kept."))
    api_key = fields.secret(_("A key that may write transmissions."), label=_("API key"))
    subaccount = forms.IntegerField(
        required=False,
        min_value=1,
        help_text=_("Only for a key that acts for a subaccount."),
        label=_("Subaccount"),
    )
    webhook_password = fields.webhook_password()
    api_url = fields.api_url()


class SparkPostProvider(AnymailProvider):
    name = "sparkpost"
    label = "SparkPost"
    largest_message = 20_000_000
    settings_form = SparkPostForm
    webhook_secrets = ("webhook_password",)
    secret_fields = frozenset({"api_key", "webhook_password"})
    idempotency_window_seconds = 24 * 60 * 60
    idempotency_header = "Idempotency-Key"
    urls = {"us": "https://api.sparkpost.com/", "eu": "https://api.eu.sparkpost.com/"}
    backend = EmailBackend
    webhook = SparkPostTrackingWebhookView
    posts_arrays = True
    switches_tracking = True
    fills_in_braces = True
    refusals = (
        # The key is in use, or was used for another payload: what became of that is not known.
        Rule(Blame.UNKNOWN, "409"),
        # Sending domain unknown or unverified; account suspended.
        Rule(
            Blame.PERSON,
            "4..",
            text=r'"7001"|unconfigured or unverified|unconfigured sending domain',
        ),
        Rule(Blame.REFUSED, "4..", text=r'"1902"'),
        Rule(Blame.BOUNCE, "4..", text=r"at least one valid recipient is required"),
    )

    def backend_options(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        subaccount = settings.get("subaccount")
        return {
            "api_key": settings["api_key"],
            "subaccount": str(subaccount) if subaccount else None,
            "api_url": self.root(settings) + "api/v1/",
        }

    def account_request(self, settings: Mapping[str, Any]) -> Request:
        return {
            "method": "GET",
            "url": self.root(settings) + "api/v1/account",
            "headers": {"Authorization": settings["api_key"]},
        }

    def describe_account(self, answer: Any, settings: Mapping[str, Any]) -> str:
        status = answer["results"]["status"]
        if status != "active":
            raise ServiceError(
                gettext_noop("SparkPost says that the account is %(status)s.") % {"status": status},
                needs_person=True,
            )
        return gettext_noop("SparkPost answered: the account is active.")

    def describe_connection(self, settings: Mapping[str, Any]) -> str:
        try:
            return super().describe_connection(settings)
        except ServiceError as error:
            if error.code == 403:
                return gettext_noop(
                    "SparkPost knows the key; it may not read the account, so that is all."
                )
            raise

    # Webhooks

    def kind_of(self, event: AnymailTrackingEvent) -> EventKind | None:
        if event.event_type != EventType.BOUNCED:
            return super().kind_of(event)
        (told,) = event.esp_event["msys"].values()
        return BY_BOUNCE_CLASS.get(str(told.get("bounce_class"))) or super().kind_of(event)
