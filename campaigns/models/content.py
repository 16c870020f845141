"""The content of messages: what staff edit (Sender, Template), and what a launch froze
(Content)."""

from __future__ import annotations

import re

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from access.ownership import OwnedQuerySet
from addressing.addresses import ENCODED_WORD, has_encoded_word

local_part_validator = RegexValidator(
    r"\A[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z",
    _("Enter the part of an address before the @, for example: news"),
)
one_line_validator = RegexValidator(r"\A[^\r\n\x00]*\Z", _("Enter one line of text."))
language_validator = RegexValidator(
    r"\A[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*\Z",
    _("Enter the tag of a language, such as de, en-GB or zh-Hans."),
)
LANGUAGE_LENGTH = 35
_NOT_IN_HEADERS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


def for_a_header(text: str) -> str:
    """Line ends of word processors and the like as blanks: they come along with what is pasted,
    unseen, and no header may have them."""
    return _NOT_IN_HEADERS.sub(" ", text).strip()


class Sender(models.Model):
    """Who a message is from: this local part, at the domain of the service that sends it."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("owner"),
    )
    local_part = models.CharField(
        _("local part"),
        max_length=64,
        validators=[local_part_validator],
        help_text=_("The part before the @; the domain is that of the email service."),
    )
    display_name = models.CharField(
        _("display name"), max_length=200, blank=True, validators=[one_line_validator]
    )
    reply_to = models.EmailField(_("reply-to address"), blank=True)
    postal_address = models.TextField(
        _("postal address"),
        blank=True,
        max_length=500,
        help_text=_(
            "Shown with an unsubscribe link under messages whose template has none. The law "
            "of many countries requires one."
        ),
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("sender")
        verbose_name_plural = _("senders")

    def clean(self) -> None:
        self.display_name = for_a_header(self.display_name)
        for name in ("local_part", "reply_to"):
            if has_encoded_word(getattr(self, name)):
                raise ValidationError({name: ENCODED_WORD})

    def __str__(self) -> str:
        return (
            f"{self.display_name} <{self.local_part}@…>"
            if self.display_name
            else f"{self.local_part}@…"
        )


class TemplateFormat(models.TextChoices):
    """What staff write a template in. `html` is what it is sent as."""

    HTML = "html", "HTML"
    MJML = "mjml", "MJML"
    BLOCKS = "blocks", _("Blocks")


class Template(models.Model):
    """A message in Liquid: {{ name }}, {{ first_name | default: "friend" }}, any attribute.

    `html` is what is previewed, checked, frozen and sent. Of a template in MJML or blocks it is
    made from `mjml` or `blocks` each time the template is saved.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("owner"),
    )
    name = models.CharField(_("name"), max_length=200)
    folder = models.CharField(
        _("folder"),
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text=_("Templates are listed by folder. Write a new name to begin a folder."),
    )
    format = models.CharField(
        _("format"),
        max_length=10,
        choices=TemplateFormat,
        default=TemplateFormat.HTML,
        db_default=TemplateFormat.HTML,
    )
    sender = models.ForeignKey(
        Sender,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("The sender that a new campaign with this template begins with."),
        verbose_name=_("sender"),
    )
    subject = models.CharField(_("subject"), max_length=500, validators=[one_line_validator])
    preview_text = models.CharField(
        _("preview text"),
        max_length=500,
        blank=True,
        help_text=_("What inboxes show after the subject."),
    )
    html = models.TextField("HTML")
    mjml = models.TextField("MJML", blank=True, default="", db_default="")
    blocks = models.JSONField(_("blocks"), null=True, blank=True)
    text = models.TextField(
        _("plain text"), blank=True, help_text=_("Made from the HTML when this is left empty.")
    )
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(format=TemplateFormat.HTML)
                | (models.Q(format=TemplateFormat.MJML) & ~models.Q(mjml=""))
                | models.Q(format=TemplateFormat.BLOCKS, blocks__isnull=False),
                name="template_has_its_source",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """A template as it was once saved, so that it can be compared and restored.

    `snapshot` has the values of the fields; `changed` names those that differ from the version
    before. Who made it is not known of what was there before versions were kept, and of deleted
    users.
    """

    template = models.ForeignKey(
        Template, on_delete=models.CASCADE, related_name="versions", verbose_name=_("template")
    )
    number = models.PositiveIntegerField(_("number"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("made by"),
    )
    made_at = models.DateTimeField(_("made at"), db_default=Now(), editable=False)
    changed = ArrayField(models.CharField(max_length=30), default=list)
    note = models.CharField(_("note"), max_length=100, blank=True, default="", db_default="")
    snapshot = models.JSONField(_("snapshot"))

    class Meta:
        verbose_name = _("version of a template")
        verbose_name_plural = _("versions of templates")
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="template_version_number"),
        ]

    def __str__(self) -> str:
        return gettext("version %(number)s") % {"number": self.number}


class Content(models.Model):
    """A template and a sender as they were when a task was launched. Never changed afterwards.

    `html` has its CSS inlined and `text` is always filled, so that rendering needs nothing else but
    the links of the recipient: `link_ids` are the `tracking.Link` rows that `{{ edm_link_0 }}`,
    `{{ edm_link_1 }}`, … in it stand for.
    """

    task = models.ForeignKey(
        "campaigns.Task",
        on_delete=models.PROTECT,
        related_name="contents",
        verbose_name=_("campaign"),
    )
    template = models.ForeignKey(
        Template,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        verbose_name=_("template"),
    )
    weight = models.PositiveIntegerField(_("weight"), default=1)
    language = models.CharField(
        _("language"), max_length=LANGUAGE_LENGTH, blank=True, default="", db_default=""
    )
    subject = models.TextField(_("subject"))
    preview_text = models.TextField(_("preview text"), blank=True)
    html = models.TextField("HTML")
    text = models.TextField(_("plain text"))
    sender_local_part = models.CharField(_("sender local part"), max_length=64)
    sender_name = models.CharField(_("sender name"), max_length=200, blank=True)
    reply_to = models.EmailField(_("reply to"), blank=True)
    link_ids = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    tracks_opens = models.BooleanField(_("tracks opens"), default=False, db_default=False)
    precompiled = models.JSONField(
        _("precompiled"),
        null=True,
        editable=False,
        help_text=_("What a worker made of it, so that dispatchers need none to fill plain gaps."),
    )
    attachment_count = models.PositiveSmallIntegerField(
        _("attachment count"), default=0, db_default=0
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("frozen content")
        verbose_name_plural = _("frozen contents")

    def __str__(self) -> str:
        return self.subject
