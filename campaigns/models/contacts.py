"""Contacts, tags and suppressions."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Length, Lower, Now
from django.db.models.lookups import GreaterThan
from django.utils.translation import gettext, gettext_noop, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from access.ownership import OwnedQuerySet, User, owners_open_to, sees_everything
from addressing.addresses import as_written, clean_address
from campaigns import erased_keys, erasure_lock

MAX_STORED = 200_000
"""Bytes of a contact's attributes as JSON: each message to it has a copy of them."""
WAS_ERASED = gettext_noop("This address was erased at the wish of the person behind it.")

DOMAIN_REFUSED = gettext_noop(
    "A whole domain is suppressed for every owner: that takes the permission to suppress domains. "
    "Ask an operator to do it, or enter single addresses."
)
NEITHER = gettext_noop(
    "This is neither an address, ada@example.com, nor a domain with an @ before it, @example.com."
)


def is_domain(entry: str) -> bool:
    """Whether an entry of the suppression list, in its stored spelling, is a whole domain."""
    return entry.startswith("@")


def clean_field(address: str) -> str:
    """The stored spelling of the field `email`. Raises ValidationError on that field."""
    try:
        return clean_address(address)
    except ValidationError as error:
        raise ValidationError({"email": error}) from error


def refuse_erased(address: str) -> None:
    """Called before an address is stored in this transaction. Raises ValidationError on the field
    `email` for an erased one."""
    erasure_lock.begin()
    if Suppression.objects.filter(email__in=erased_keys.possible_keys(address)).exists():
        text = gettext("%(why)s It is not mailed and not stored again.")
        raise ValidationError({"email": text % {"why": gettext(WAS_ERASED)}})


class Tag(models.Model):
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("owner"),
    )
    name = models.CharField(_("name"), max_length=100)
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="children",
        verbose_name=_("under"),
        help_text=_(
            "Another tag, itself not under one. Who has this tag counts for that one, too."
        ),
    )
    is_public = models.BooleanField(
        _("public"),
        default=False,
        db_default=False,
        help_text=_("Recipients see it on their preference page, and choose whether they want it."),
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                "owner",
                Lower("name"),
                name="tag_name_unique_per_owner",
                violation_error_message=_("There is a tag with this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class MailConsent(models.TextChoices):
    """Whether a person agreed to be mailed."""

    UNKNOWN = "unknown", _("Not recorded")
    GIVEN = "given", _("Agreed")
    REFUSED = "refused", _("Did not agree")


class AddressKey(models.Func):
    """The first 64 bits of an address's MD5, as bigint: joins of millions of addresses by it are
    much faster than by text. Two addresses with the same key would share their engagement."""

    template = "('x' || left(md5(%(expressions)s), 16))::bit(64)::bigint"
    output_field = models.BigIntegerField()


USUAL_ADDRESS = r"^[a-z0-9_+-]+(\.[a-z0-9_+-]+)*@([a-z0-9]+(-[a-z0-9]+)*\.)+[a-z]+$"
_SPECIAL_DOMAINS = ("arpa", "invalid", "local", "localhost", "onion")
UNUSUAL_ADDRESS = ~models.Q(email__regex=USUAL_ADDRESS) | models.Q(GreaterThan(Length("email"), 60))
"""Of contacts whose address must be looked at before it is mailed: all others are valid, and stored
as they are mailed."""
for _domain in _SPECIAL_DOMAINS:
    UNUSUAL_ADDRESS |= models.Q(email__endswith=f".{_domain}")


class Contact(models.Model):
    """A person who may be mailed. `attributes` are the merge variables beyond `name` and
    `email`.
    """

    # Two other indexes begin with the owner. References of contacts and their tags are checked by
    # triggers, once a statement (campaigns.db.references): by row, that is a third of an import.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
        verbose_name=_("owner"),
    )
    email = models.CharField(
        _("email address"), max_length=254, help_text=_("Stored in lower case, unique per owner.")
    )
    name = models.CharField(pgettext_lazy("of a person", "name"), max_length=200, blank=True)
    attributes = models.JSONField(
        _("attributes"),
        default=dict,
        blank=True,
        help_text=_(
            'More merge variables: {"first_name": "Ada"} is {{ first_name }} in a template.'
        ),
    )
    tags = models.ManyToManyField(
        Tag, blank=True, related_name="contacts", db_constraint=False, verbose_name=_("tags")
    )
    tracking_consent = models.BooleanField(
        _("agrees to open tracking"),
        default=False,
        db_default=False,
        help_text=_("Whether this person agreed that it is recorded when they open a message."),
    )
    mail_consent = models.CharField(
        _("agrees to be mailed"),
        max_length=10,
        choices=MailConsent,
        default=MailConsent.UNKNOWN,
        db_default=MailConsent.UNKNOWN,
    )
    mail_consent_at = models.DateTimeField(_("agreed at"), null=True, blank=True)
    mail_consent_source = models.CharField(
        _("where they agreed"), max_length=200, blank=True, default="", db_default=""
    )
    paused_until = models.DateTimeField(
        _("paused until"),
        null=True,
        blank=True,
        help_text=_("Not mailed before, at the person's wish."),
    )
    days_between = models.PositiveSmallIntegerField(
        _("days between messages"),
        null=True,
        blank=True,
        help_text=_("Mailed at most once in so many days, at the person's wish."),
    )
    imported_by = models.ForeignKey(
        "campaigns.Operation",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        db_constraint=False,
        help_text=_("The import that made this contact."),
        verbose_name=_("imported by"),
    )
    address_key = models.GeneratedField(
        expression=AddressKey("email"), output_field=models.BigIntegerField(), db_persist=True
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    changed_at = models.DateTimeField(_("changed at"), db_default=Now(), editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        permissions = [
            ("import_contact", gettext_noop("Can import contacts from a file")),
            ("export_contact", gettext_noop("Can export contacts, messages and events to a file")),
        ]
        constraints = [
            models.UniqueConstraint(
                "owner",
                "email",
                name="contact_email_unique_per_owner",
                violation_error_message=_("There is a contact with this address already."),
            ),
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")) & ~models.Q(email=""),
                name="contact_email_lower_case",
            ),
            models.CheckConstraint(
                condition=models.Q(mail_consent__in=MailConsent.values),
                name="contact_mail_consent_known",
            ),
        ]
        indexes = [
            # Launch walks an owner's contacts in key order: WHERE owner_id = … AND id > … ORDER BY
            # id
            models.Index("owner", "id", name="contact_walk"),
            # What a launch must look at before it mails: WHERE owner_id = … AND id > … AND (…)
            models.Index("owner", "id", name="contact_unusual_address", condition=UNUSUAL_ADDRESS),
            # Segments by what people did, in the order of addresses: WHERE owner_id = … ORDER BY
            # address_key. With the key, by which tags are found.
            models.Index("owner", "address_key", include=["id"], name="contact_by_address"),
            # The contacts that an import made, and clearing the reference: WHERE imported_by_id = …
            models.Index(
                "imported_by",
                "id",
                name="contact_imported_by",
                condition=models.Q(imported_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        """For display only; `email` is what is sent to and compared."""
        return as_written(self.email)

    def clean(self) -> None:
        if self.email:
            self.email = clean_field(self.email)
            refuse_erased(self.email)
        if not isinstance(self.attributes, dict):
            raise ValidationError(
                {"attributes": gettext("Attributes are an object: names and values.")}
            )
        written = json.dumps(self.attributes, ensure_ascii=False, default=str)
        if len(written.encode("utf-8", "replace")) > MAX_STORED:
            text = gettext("These are more than %(most)s bytes.")
            raise ValidationError({"attributes": text % {"most": f"{MAX_STORED:,}"}})

    def merge_variables(self) -> dict[str, Any]:
        """What a template sees; `campaigns.launching.launch` builds the same in SQL."""
        own = {"name": self.name, "email": self.email, "tracking_consent": self.tracking_consent}
        return {**self.attributes, **own}


class SuppressionReason(models.TextChoices):
    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
    HARD_BOUNCE = "hard_bounce", _("Hard bounce")
    SOFT_BOUNCES = "soft_bounces", _("Soft bounces in a row")
    COMPLAINT = "complaint", _("Complaint")
    MANUAL = "manual", _("Added by staff")
    ERASED = "erased", _("Erased at the person's wish")


class SuppressionQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def erased(self) -> models.QuerySet[Suppression]:
        """Erased addresses, stored as hashes. Uses index suppression_erased."""
        return self.filter(reason=SuppressionReason.ERASED)

    def visible_to(self, user: User) -> models.QuerySet[Suppression]:
        """All for those who may see everything; else whole domains, which hold for every owner, and
        the addresses of contacts that the user may see.
        """
        if sees_everything(user):
            return self.all()
        owners = owners_open_to(user.pk)
        own = Contact.objects.filter(owner__in=owners, email=models.OuterRef("email"))
        return self.filter(models.Q(email__startswith="@") | models.Exists(own))


class Suppression(models.Model):
    """An address that no task may mail; it outlives the contact. With a leading "@" a whole domain,
    with a leading "#" the hash of an address that was erased (`campaigns.erased_keys`).

    Checked when a task is launched and again in every claim.
    """

    email = models.CharField(
        _("address or @domain"),
        max_length=254,
        unique=True,
        help_text=_("In lower case. @example.com stands for every address of that domain."),
    )
    reason = models.CharField(
        _("reason"), max_length=20, choices=SuppressionReason, default=SuppressionReason.MANUAL
    )
    source = models.CharField(
        _("source"), max_length=200, blank=True, help_text=_("Where this came from.")
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        verbose_name = _("suppression")
        verbose_name_plural = _("suppressions")
        permissions = [
            ("export_suppression", gettext_noop("Can export the suppression list")),
            ("suppress_domain", gettext_noop("Can suppress whole domains")),
            ("export_address", gettext_noop("Can export everything about an address")),
            ("erase_address", gettext_noop("Can erase an address")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")) & ~models.Q(email=""),
                name="suppression_lower_case",
            )
        ]
        indexes = [
            # Whether any address was erased: WHERE reason = 'erased' LIMIT 1
            models.Index(
                "id", name="suppression_erased", condition=models.Q(reason=SuppressionReason.ERASED)
            ),
        ]

    def __str__(self) -> str:
        if not erased_keys.is_key(self.email):
            return as_written(self.email)
        return gettext("Erased address %(key)s") % {"key": self.email[: erased_keys.SHOWN]}

    def clean(self) -> None:
        self.clean_address()
        refuse_erased(self.email)

    def clean_address(self) -> None:
        """Bring what was entered to its stored spelling, a domain also from `*@example.com`. Raises
        ValidationError.
        """
        address = self.email.strip()
        domain = address.removeprefix("*")
        if domain.startswith("@"):
            self.email = clean_field(f"x{domain}")[1:]
        elif address and "@" not in address:
            raise ValidationError({"email": NEITHER})
        elif address:
            self.email = clean_field(address)
