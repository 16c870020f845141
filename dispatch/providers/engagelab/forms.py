from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from dispatch.providers.http import fields


class EngageLabForm(forms.Form):
    region = fields.region(
        ("singapore", _("Singapore")),
        ("turkey", _("Turkey")),
        help_text=_("The credentials belong to one of them; the other one refuses them."),
    )
    region.label = _("Data centre")
    api_user = fields.word(_("In EngageLab: Send settings, API_USER."), label=_("API user"))
    api_key = fields.secret(_("The API_KEY of that user."), label=_("API key"))
    webhook_app_key = fields.secret(
        _("The APP KEY that EngageLab shows for the webhook. Without it no events are taken."),
        required=False,
        label=_("Webhook app key"),
    )
    api_url = fields.api_url()
