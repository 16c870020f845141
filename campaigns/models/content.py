"""The content of messages: what staff edit (Sender, Template), and what a launch froze
(Content)."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now

from access.ownership import OwnedQuerySet
from addressing.addresses import ENCODED_WORD, has_encoded_word

local_part_validator = RegexValidator(
    r"\A[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z",
    "Enter the part of an address before the @, for example: news",
)
one_line_validator = RegexValidator(r"\A[^\r\n\x00]*\Z", "Enter one line of text.")


class Sender(models.Model):
    """Who a message is from: this local part, at the domain of the service that sends it."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    local_part = models.CharField(
        max_length=64,
        validators=[local_part_validator],
        help_text="The part before the @; the domain is that of the email service.",
    )
    display_name = models.CharField(max_length=200, blank=True, validators=[one_line_validator])
    reply_to = models.EmailField("reply-to address", blank=True)
    postal_address = models.TextField(
        blank=True,
        max_length=500,
        help_text="Shown with an unsubscribe link under messages whose template has none. The law "
        "of many countries requires one.",
    )

    objects = OwnedQuerySet.as_manager()

    def clean(self) -> None:
        for name in ("local_part", "reply_to"):
            if has_encoded_word(getattr(self, name)):
                raise ValidationError({name: ENCODED_WORD})

    def __str__(self) -> str:
        return (
            f"{self.display_name} <{self.local_part}@…>"
            if self.display_name
            else f"{self.local_part}@…"
        )


class Template(models.Model):
    """A message in Liquid: {{ name }}, {{ first_name | default: "friend" }}, any attribute."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    subject = models.CharField(max_length=500, validators=[one_line_validator])
    preview_text = models.CharField(
        max_length=500, blank=True, help_text="What inboxes show after the subject."
    )
    html = models.TextField("HTML")
    text = models.TextField(
        "plain text", blank=True, help_text="Made from the HTML when this is left empty."
    )
    updated_at = models.DateTimeField(auto_now=True)

    objects = OwnedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class Content(models.Model):
    """A template and a sender as they were when a task was launched. Never changed afterwards.

    `html` has its CSS inlined and `text` is always filled, so that rendering needs nothing else but
    the links of the recipient: `link_ids` are the `tracking.Link` rows that `{{ edm_link_0 }}`,
    `{{ edm_link_1 }}`, … in it stand for.
    """

    task = models.ForeignKey("campaigns.Task", on_delete=models.PROTECT, related_name="contents")
    template = models.ForeignKey(
        Template, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    weight = models.PositiveIntegerField(default=1)
    subject = models.TextField()
    preview_text = models.TextField(blank=True)
    html = models.TextField("HTML")
    text = models.TextField("plain text")
    sender_local_part = models.CharField(max_length=64)
    sender_name = models.CharField(max_length=200, blank=True)
    reply_to = models.EmailField(blank=True)
    link_ids = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    tracks_opens = models.BooleanField(default=False, db_default=False)
    precompiled = models.JSONField(
        null=True,
        editable=False,
        help_text="What a worker made of it, so that dispatchers need none to fill plain gaps.",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.subject
