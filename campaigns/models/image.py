"""Pictures that templates show."""

from __future__ import annotations

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.ownership import OwnedQuerySet
from campaigns.models.content import one_line_validator


def image_storage() -> Storage:
    return storages["images"]


class ImageData(models.Model):
    """The bytes of a picture, where the database keeps them. The same picture is kept once, for all
    owners."""

    name = models.CharField(max_length=100, primary_key=True)
    data = models.BinaryField(_("data"))

    def __str__(self) -> str:
        return self.name


class Image(models.Model):
    """A picture as it was taken in. `file` is named by its content, so its address never shows
    another one."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("owner"),
    )
    name = models.CharField(_("name"), max_length=200, validators=[one_line_validator])
    alt = models.CharField(
        _("alternative text"),
        max_length=300,
        blank=True,
        validators=[one_line_validator],
        help_text=_(
            "What the picture says, for those who do not see it. Many mail programs show "
            "pictures only when asked."
        ),
    )
    is_decoration = models.BooleanField(
        _("mere decoration"),
        default=False,
        help_text=_("The picture says nothing that the text does not say; it needs no words."),
    )
    file = models.FileField(_("file"), storage=image_storage, max_length=100, editable=False)
    width = models.PositiveIntegerField(_("width"), editable=False, help_text=_("In pixels."))
    height = models.PositiveIntegerField(_("height"), editable=False, help_text=_("In pixels."))
    octets = models.PositiveIntegerField(_("size"), editable=False)
    created_at = models.DateTimeField(_("added"), db_default=Now(), editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("image")
        verbose_name_plural = _("images")
        constraints = [
            models.UniqueConstraint("owner", "file", name="image_once_per_owner"),
            models.CheckConstraint(
                condition=models.Q(is_decoration=True) | ~models.Q(alt=""),
                name="image_has_words",
            ),
        ]

    def __str__(self) -> str:
        return self.name
