from __future__ import annotations

from django import forms

from dispatch.providers.http import fields


class EngageLabForm(forms.Form):
    region = fields.region(
        ("singapore", "Singapore"),
        ("turkey", "Turkey"),
        help_text="The credentials belong to one of them; the other one refuses them.",
    )
    region.label = "Data centre"
    api_user = fields.word("In EngageLab: Send settings, API_USER.", label="API user")
    api_key = fields.secret("The API_KEY of that user.", label="API key")
    webhook_app_key = fields.secret(
        "The APP KEY that EngageLab shows for the webhook. Without it no events are taken.",
        required=False,
        label="Webhook app key",
    )
    api_url = fields.api_url()
