"""How an owner's messages and public pages look, and what the owner asks of each campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from access.ownership import OwnedQuerySet
from campaigns.models.content import one_line_validator

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

COLOURS = (
    "background_colour",
    "body_colour",
    "text_colour",
    "link_colour",
    "button_colour",
    "button_text_colour",
)
HEXADECIMAL = r"^#[0-9a-fA-F]{6}$"
colour_validator = RegexValidator(r"\A#[0-9a-fA-F]{6}\Z", _("Enter a colour, such as #1a73e8."))


class Font(models.TextChoices):
    """Fonts that mail programs have. The value is what goes into a style sheet."""

    ARIAL = "Arial, Helvetica, sans-serif", "Arial"
    VERDANA = "Verdana, Geneva, sans-serif", "Verdana"
    TAHOMA = "Tahoma, Verdana, sans-serif", "Tahoma"
    TREBUCHET = "'Trebuchet MS', Tahoma, sans-serif", "Trebuchet"
    GEORGIA = "Georgia, 'Times New Roman', serif", "Georgia"
    TIMES = "'Times New Roman', Times, serif", "Times New Roman"
    COURIER = "'Courier New', Courier, monospace", "Courier New"
    CHINESE = (
        "'PingFang SC', 'Microsoft YaHei', 'Noto Sans SC', sans-serif",
        _("Chinese (sans-serif)"),
    )


def _colour(label: _StrOrPromise, default: str) -> models.CharField[str, str]:
    return models.CharField(label, max_length=7, default=default, validators=[colour_validator])


class Brand(models.Model):
    """Logo, colours, font and footer of an owner's templates in blocks and public pages, and the
    owner's rules for campaigns. One for each owner.
    """

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("owner"),
    )
    name = models.CharField(
        _("name"),
        max_length=200,
        blank=True,
        validators=[one_line_validator],
        help_text=_("Said in the footer, and on public pages of senders without a name."),
    )
    logo_url = models.URLField(_("logo's address"), max_length=500, blank=True)
    logo_alt = models.CharField(_("logo in words"), max_length=200, blank=True)
    logo_width = models.PositiveSmallIntegerField(_("logo's width in pixels"), default=160)
    website = models.URLField(_("website"), max_length=500, blank=True)
    privacy_url = models.URLField(
        _("privacy notice"),
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text=_("Its address. Public pages lead to it, and the message that asks to confirm."),
    )
    background_colour = _colour(_("behind the message"), "#f4f4f5")
    body_colour = _colour(_("of the message"), "#ffffff")
    text_colour = _colour(_("of text"), "#222222")
    link_colour = _colour(_("of links"), "#1a5fb4")
    button_colour = _colour(_("of buttons"), "#1a5fb4")
    button_text_colour = _colour(_("of text on buttons"), "#ffffff")
    font = models.CharField(_("font"), max_length=100, choices=Font, default=Font.ARIAL)
    footer = models.TextField(
        _("footer"),
        max_length=2_000,
        blank=True,
        help_text=_("Below each message, above the unsubscribe link."),
    )
    needs_approval = models.BooleanField(
        _("a second person approves each campaign"),
        default=False,
        db_default=False,
        help_text=_(
            "No campaign of this owner is launched before another user has approved exactly "
            "what it sends and to whom."
        ),
    )
    asks_for_label = models.BooleanField(
        _("“广告” or “AD” in subjects to China"),
        default=False,
        db_default=False,
        help_text=_(
            "The checklist warns of subjects without it where recipients are in China: by "
            "the ending of their address (.cn), their language or their country."
        ),
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")
        constraints = [
            # They go into style sheets.
            models.CheckConstraint(
                condition=models.Q(*((f"{name}__regex", HEXADECIMAL) for name in COLOURS)),
                name="brand_colours_are_colours",
            )
        ]

    def __str__(self) -> str:
        return self.name or gettext("Brand of %(owner)s") % {"owner": self.owner}
