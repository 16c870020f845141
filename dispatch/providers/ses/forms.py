from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from dispatch.providers.http import fields


class SesForm(forms.Form):
    region = forms.RegexField(
        r"\A[a-z]{2}(-[a-z]+)+-\d\Z",
        initial="eu-west-1",
        max_length=30,
        error_messages={"invalid": _("Enter the short name of a region, such as eu-west-1.")},
        help_text=_("The AWS region, such as eu-west-1."),
    )
    access_key_id = fields.word(
        _("Of an IAM user that may ses:SendEmail, ses:SendRawEmail and ses:GetAccount."),
        label=_("Access key id"),
    )
    secret_access_key = fields.secret(
        _("Shown once, when the access key was made."), label=_("Secret access key")
    )
    configuration_set = fields.word(
        _("The one that publishes events to SNS; leave its open and click tracking off."),
        required=False,
        label=_("Configuration set"),
    )
    topic_arn = forms.RegexField(
        r"\Aarn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}\Z",
        required=False,
        max_length=400,
        label=_("SNS topic ARN"),
        error_messages={
            "invalid": _("Enter the ARN of a topic: arn:aws:sns:, its region, account and name.")
        },
        help_text=(
            _(
                "The topic that the events go to. Only what Amazon signed for it is taken, and its "
                "subscription is confirmed by itself. Without it, and the password below, no "
                "events are taken."
            )
        ),
    )
    webhook_password = fields.webhook_password()
    api_url = fields.api_url()
