"""Files that go out with the messages of a campaign."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.ownership import OwnedQuerySet
from campaigns.models.content import Content, one_line_validator
from campaigns.models.task import Task

NAME_LENGTH = 150


class AttachmentData(models.Model):
    """The bytes of files, named by the SHA-256 of them. The same are kept once, for all owners, as
    long as an attachment refers to them.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    data = models.BinaryField(_("data"))
    wanted_at = models.DateTimeField(
        _("wanted at"),
        db_default=Now(),
        help_text=_("When they were last taken in: not swept soon after."),
    )

    def __str__(self) -> str:
        return self.digest


class _File(models.Model):
    data = models.ForeignKey(
        AttachmentData, on_delete=models.PROTECT, related_name="+", verbose_name=_("data")
    )
    name = models.CharField(_("name"), max_length=NAME_LENGTH, validators=[one_line_validator])
    content_type = models.CharField(_("content type"), max_length=100)
    octets = models.PositiveIntegerField(_("size"))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class AttachmentQuerySet(OwnedQuerySet):
    owner_path = "task__owner"


class Attachment(_File):
    """A file of a campaign, which may be changed until the launch."""

    task = models.ForeignKey(
        Task, on_delete=models.CASCADE, related_name="attachments", verbose_name=_("campaign")
    )

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        constraints = [models.UniqueConstraint("task", "name", name="attachment_name_once")]


class FrozenAttachment(_File):
    """A file as a launch froze it, with the content that it goes out with. Never changed."""

    content = models.ForeignKey(
        Content, on_delete=models.CASCADE, related_name="attachments", verbose_name=_("content")
    )

    class Meta:
        verbose_name = _("frozen attachment")
        verbose_name_plural = _("frozen attachments")
        constraints = [
            models.UniqueConstraint("content", "name", name="frozen_attachment_name_once")
        ]
