"""Forms by which people sign up, the wordings that they agreed to, and who signed up."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from access.ownership import OwnedQuerySet
from campaigns.models import Attribute, Sender, Tag
from campaigns.models.content import for_a_header, one_line_validator

PENDING_DAYS = 7
"""How long a sign-up may be confirmed. Then it is deleted."""
MOST_ORIGINS = 20
LANGUAGES = {"en": "English", "de": "Deutsch", "zh-hans": "简体中文"}
"""Those that the words around the texts of a form are translated to."""
WITHOUT_DOTS = ("gmail.com", "googlemail.com")
"""Two names of one provider, which ignores dots before the @."""
ORIGIN = re.compile(
    r"https://(?=.{1,253}(?::|\Z))(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}(?::\d{1,5})?\Z"
)


def new_key() -> str:
    """Unguessable, so that the address of one form tells nothing of others."""
    return secrets.token_urlsafe(12)


def validate_https(url: str) -> None:
    """A whole address with https, without a user name and white space."""
    parts = urlsplit(url) if url.isprintable() and " " not in url and "\\" not in url else None
    if parts is None or parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        raise ValidationError(gettext("Enter a whole address that begins with https://."))


def origins_in(text: str) -> list[str]:
    """The sites in a text, one a line, as a policy of frames names them."""
    return [line.strip().lower().rstrip("/") for line in text.splitlines() if line.strip()]


def validate_origins(text: str) -> None:
    origins = origins_in(text)
    if len(origins) > MOST_ORIGINS:
        raise ValidationError(
            gettext("These are more than %(most)s sites.") % {"most": MOST_ORIGINS}
        )
    for origin in origins:
        if not ORIGIN.match(origin):
            raise ValidationError(
                gettext(
                    "“%(origin)s” is no site: enter https:// and its name alone, one a "
                    "line, such as https://www.example.com."
                )
                % {"origin": origin[:100]}
            )


class SignUpForm(models.Model):
    """A form of an owner. Its page is at an address with `key`; its texts are plain."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("owner"),
    )
    name = models.CharField(
        max_length=100,
        help_text=_("For staff. Where a contact agreed says it, too."),
        verbose_name=_("name"),
    )
    key = models.CharField(
        max_length=32, unique=True, editable=False, default=new_key, verbose_name=_("key")
    )
    enabled = models.BooleanField(
        default=True,
        help_text=_("Else its page says that it is closed. Open sign-ups stay valid."),
        verbose_name=_("enabled"),
    )

    language = models.CharField(
        max_length=10,
        blank=True,
        default="",
        db_default="",
        choices=LANGUAGES,
        help_text=_(
            "Of the words around your texts, on the pages and in the message. Empty: that of "
            "the visitor's browser, and in the message that of this site."
        ),
        verbose_name=_("language"),
    )
    title = models.CharField(
        max_length=200, validators=[one_line_validator], verbose_name=_("title")
    )
    text = models.TextField(
        blank=True, max_length=2000, help_text=_("Below the title."), verbose_name=_("text")
    )
    asks_name = models.BooleanField(_("asks for the name"), default=True)
    attributes = models.ManyToManyField(
        Attribute,
        blank=True,
        related_name="+",
        help_text=_("Asked for; none must be answered."),
        verbose_name=_("attributes"),
    )
    topics = models.ManyToManyField(
        Tag,
        blank=True,
        related_name="+",
        help_text=_("Public tags to choose from, as on the preference page."),
        verbose_name=_("topics"),
    )
    tags = models.ManyToManyField(
        Tag,
        blank=True,
        related_name="+",
        help_text=_("Given to everybody who confirms."),
        verbose_name=_("tags"),
    )

    sender = models.ForeignKey(
        Sender, on_delete=models.PROTECT, related_name="+", verbose_name=_("sender")
    )
    service = models.ForeignKey(
        "dispatch.EmailService",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("email service"),
        help_text=_("Sends the message that asks to confirm, within its pace and quota."),
    )
    subject = models.CharField(
        max_length=200, validators=[one_line_validator], verbose_name=_("subject")
    )
    mail_text = models.TextField(
        _("text of the message"),
        blank=True,
        max_length=2000,
        help_text=_("Above the button to confirm. What was entered in the form is never in it."),
    )

    next_url = models.CharField(
        _("page afterwards"),
        max_length=500,
        blank=True,
        validators=[validate_https],
        help_text=_("An https address that is offered to those who have confirmed."),
    )
    framed_by = models.TextField(
        _("sites that may show it in a frame"),
        blank=True,
        max_length=3000,
        validators=[validate_origins],
        help_text=_("One a line, such as https://www.example.com. Empty: none."),
    )
    expired = models.PositiveBigIntegerField(default=0, editable=False, verbose_name=_("expired"))
    """How many sign-ups were never confirmed, and are deleted."""
    created_at = models.DateTimeField(
        db_default=Now(), editable=False, verbose_name=_("created at")
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-up form")
        verbose_name_plural = _("sign-up forms")
        ordering = ["name", "pk"]

    def clean(self) -> None:
        self.subject = for_a_header(self.subject)

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> str:
        return reverse("signup:page", args=[self.key])

    @property
    def url(self) -> str:
        return settings.PUBLIC_URL + self.path

    @property
    def shown_sender(self) -> str:
        return self.sender.display_name or self.service.domain

    def speaking(self, otherwise: str | None = None) -> translation.override:
        """A context in its language; where it has none, in another one, or that of the site."""
        return translation.override(self.language or otherwise or settings.LANGUAGE_CODE)

    def wording(self) -> Wording | None:
        """The newest."""
        return self.wordings.order_by("-number").first()


class Wording(models.Model):
    """What people agree to. Never changed: another text is another version, and each sign-up points
    to the one that was on its page."""

    form = models.ForeignKey(
        SignUpForm, on_delete=models.CASCADE, related_name="wordings", db_index=False
    )
    number = models.PositiveIntegerField(help_text=_("From 1."))
    text = models.TextField()
    opens_text = models.TextField(
        blank=True, help_text=_("Asked apart: that opens are recorded. Empty: not asked.")
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("wording")
        verbose_name_plural = _("wordings")
        constraints = [models.UniqueConstraint("form", "number", name="wording_number_once")]

    def __str__(self) -> str:
        return gettext("wording %(number)s") % {"number": self.number}


class State(models.TextChoices):
    PENDING = "pending", _("Not confirmed yet")
    CONFIRMED = "confirmed", _("Confirmed")


class MailState(models.TextChoices):
    """Of the message that asks to confirm. `signup.mailing` writes it."""

    WAITING = "waiting", _("Waiting")
    HANDING = "handing", _("Being handed over")
    SENT = "sent", _("Sent")
    DOUBT = "doubt", _("In doubt: no reply came back")
    FAILED = "failed", _("Refused")


class SignUpQuerySet(OwnedQuerySet):
    owner_path = "form__owner"


class SignUp(models.Model):
    """An address that was entered into a form. It stays, once confirmed, as the record of consent.

    `answers` has `name`, `attributes` by key, `topics` as keys of tags, and `opens`.
    """

    form = models.ForeignKey(
        SignUpForm,
        on_delete=models.PROTECT,
        related_name="sign_ups",
        db_index=False,
        verbose_name=_("form"),
    )
    wording = models.ForeignKey(
        Wording,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("wording"),
    )
    email = models.CharField(_("email address"), max_length=254)
    mailbox = models.CharField(
        max_length=254,
        help_text=_("The address without a part after +, by which it is limited."),
        verbose_name=_("mailbox"),
    )
    answers = models.JSONField(default=dict, verbose_name=_("answers"))
    state = models.CharField(
        max_length=10, choices=State, default=State.PENDING, verbose_name=_("state")
    )
    network = models.CharField(
        max_length=45,
        blank=True,
        help_text=_("Where it was entered, without the host's part."),
        verbose_name=_("network"),
    )
    asked_at = models.DateTimeField(db_default=Now(), verbose_name=_("asked at"))
    expires_at = models.DateTimeField(
        db_default=Now() + dt.timedelta(days=PENDING_DAYS), verbose_name=_("expires at")
    )
    confirmed_at = models.DateTimeField(null=True, verbose_name=_("confirmed at"))
    confirmed_network = models.CharField(
        max_length=45, blank=True, verbose_name=_("confirmed network")
    )

    mail_state = models.CharField(
        _("message"), max_length=10, choices=MailState, default=MailState.WAITING
    )
    mail_due_at = models.DateTimeField(db_default=Now(), verbose_name=_("mail due at"))
    mail_tries = models.PositiveSmallIntegerField(default=0, verbose_name=_("mail tries"))
    mail_note = models.CharField(max_length=500, blank=True, verbose_name=_("mail note"))
    mailed_at = models.DateTimeField(null=True, verbose_name=_("mailed at"))

    objects = SignUpQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-up")
        verbose_name_plural = _("sign-ups")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="sign_up_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(mail_state__in=MailState.values), name="sign_up_mail_known"
            ),
        ]
        indexes = [
            # Counts of a form, and its list: WHERE form_id = … [AND state = …] ORDER BY id
            models.Index("form", "state", "id", name="sign_up_form"),
            # All of an address, and what it asked for lately: WHERE mailbox = … [AND asked_at > …]
            models.Index("mailbox", "asked_at", name="sign_up_mailbox"),
            # To be mailed: WHERE mail_state = 'waiting' AND state = 'pending' AND mail_due_at <= …
            models.Index(
                "mail_due_at",
                name="sign_up_to_mail",
                condition=models.Q(mail_state__in=["waiting", "handing"], state="pending"),
            ),
            # Deleting what was not confirmed: WHERE state = 'pending' AND expires_at < …
            models.Index("expires_at", name="sign_up_expires", condition=models.Q(state="pending")),
        ]

    def __str__(self) -> str:
        return self.email


def mailbox_of(address: str) -> str:
    """A stored address without what makes it another name of the same mailbox: what follows a +
    before its @, and dots where they are ignored."""
    local, _, domain = address.rpartition("@")
    name = local.partition("+")[0] or local
    if domain in WITHOUT_DOTS:
        name, domain = name.replace(".", ""), WITHOUT_DOTS[0]
    return f"{name}@{domain}"
