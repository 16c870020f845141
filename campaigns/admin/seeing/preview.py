"""A message as one of its recipients would get it: what is asked for, and what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from addressing.addresses import as_written, clean_address
from admin_kit.base import Visitor
from admin_kit.confirmation import StyledForm
from campaigns.admin.seeing import colour_scheme
from campaigns.admin.seeing.suggesting import ContactInput
from campaigns.models import Contact, Content, Sender, Template
from campaigns.preflight import previews, whom
from campaigns.rendering import content
from campaigns.wording import listed
from sandbox import Failed

# The policy of a page holds in its sandboxed frame, too, where no script runs. What the message
# loads is seen there as its recipients see it.
MESSAGE_POLICY = {
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:", "https:", "http:"],
    "font-src": [SELF, "https:", "http:"],
}
VIEWS = (
    ("desktop", _("Desktop")),
    ("phone", _("Phone")),
    ("text", _("Plain text")),
    ("source", _("Source")),
)
FRAMED = ("desktop", "phone")
"""The views in which the message is seen as it looks."""
PICKS = (
    (whom.NEXT, _("Next")),
    (whom.RANDOM, _("Random")),
    (whom.GAP, _("With something missing")),
)
NO_CONTACT = _("You have no contact with this address.")


@dataclass(slots=True)
class Preview:
    """A message rendered for a recipient, or the reason why it cannot be rendered."""

    who: str
    sender: str
    reply_to: str
    error: str = ""
    made: previews.Preview | None = field(default=None)

    @property
    def rendered(self) -> content.Rendered | None:
        return self.made.rendered if self.made else None


def preview(template: Template, contact: Contact | None, sender: Sender) -> Preview:
    """Render as a launch would, with the footer and test links."""
    shown = Preview(_who(contact), str(sender), sender.reply_to)
    try:
        shown.made = previews.preview(template, contact, sender)
    except content.ContentError as error:
        shown.error = str(error)
    except Failed:
        shown.error = str(content.NOT_NOW)
    return shown


def of_frozen(frozen: Content, contact: Contact | None) -> Preview:
    """What a launched campaign sends."""
    sender = Sender(local_part=frozen.sender_local_part, display_name=frozen.sender_name)
    shown = Preview(_who(contact), str(sender), frozen.reply_to)
    try:
        shown.made = previews.of_frozen(frozen, contact)
    except content.ContentError as error:
        shown.error = str(error)
    except Failed:
        shown.error = str(content.NOT_NOW)
    return shown


def _who(contact: Contact | None) -> str:
    return str(contact) if contact else gettext("sample values")


class ContactField(forms.CharField):
    """A contact by address, or by words that it alone has, among those a user may see. Empty stands
    for sample values."""

    def __init__(self, *, user: Visitor, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=254, **kwargs)
        self.user = user

    def clean(self, value: Any) -> Contact | None:
        words = super().clean(value)
        if not words:
            return None
        visible = Contact.objects.visible_to(self.user)
        try:
            address = clean_address(words)
        except ValidationError:
            return self._searched(visible, words)
        found: Contact | None = visible.filter(email=address).order_by("pk").first()
        if found is None:
            raise ValidationError(NO_CONTACT)
        return found

    def _searched(self, visible: QuerySet[Contact], words: str) -> Contact:
        may_search = self.user.has_perm("campaigns.view_contact")
        found = whom.search(visible, words, self.user) if may_search else []
        if not found:
            raise ValidationError(
                gettext("You have no contact with “%(words)s” in name or address.")
                % {"words": words}
            )
        if len(found) > 1:
            names = listed(as_written(each.email) for each in found)
            raise ValidationError(gettext("Which of these? %(names)s") % {"names": names})
        return found[0]


class PreviewForm(StyledForm):
    sender = forms.ModelChoiceField(
        Sender.objects.none(), label=_("Sender"), required=False, empty_label=""
    )

    def __init__(
        self,
        data: Any,
        user: Visitor,
        owner_id: int,
        shown: Contact | None,
        sender: Sender | None,
    ) -> None:
        """Without a sender to begin with there is none to choose."""
        super().__init__(data, initial={"contact": shown, "sender": sender and sender.pk})
        self.fields["contact"] = ContactField(
            user=user,
            label=gettext("Contact"),
            widget=ContactInput(owner_id),
            help_text=gettext("An address, or a part of a name or address. Empty: sample values."),
        )
        if sender is None:
            del self.fields["sender"]
        else:
            senders = Sender.objects.visible_to(user).filter(owner=sender.owner_id)
            self.fields["sender"].queryset = senders.order_by("pk")  # type: ignore[attr-defined]
        self.restyle()


@dataclass(slots=True)
class Asked:
    """How and as whom a page shows a message, as far as it is known; of what is not known, the
    first choice."""

    form: PreviewForm
    contact: Contact | None
    view: str
    scheme: str
    views: Sequence[tuple[str, Any]] = VIEWS
    schemes: Sequence[tuple[str, Any]] = colour_scheme.SCHEMES
    picks: Sequence[tuple[str, Any]] = PICKS

    @property
    def sender(self) -> Sender | None:
        return self.form.cleaned_data.get("sender") if self.form.is_valid() else None


def asked(data: QueryDict, user: Visitor, message: Template, sender: Sender | None = None) -> Asked:
    """Raises nothing: the form says what is wrong. The button that posts text that is not saved
    picks a contact, too.
    """
    contacts = Contact.objects.visible_to(user).filter(owner=message.owner_id)
    first = contacts.order_by("pk").first()
    bound = data if "contact" in data else None
    form = PreviewForm(bound, user, message.owner_id, first, sender)
    contact = form.cleaned_data["contact"] if form.is_valid() else first
    pick = data.get("pick") or data.get("_preview")
    if pick in whom.PICKS and user.has_perm("campaigns.view_contact"):
        contact = whom.pick(str(pick), message, contacts, contact) or contact
        picked = data.copy()
        picked["contact"] = as_written(contact.email) if contact else ""
        form = PreviewForm(picked, user, message.owner_id, first, sender)
    view, scheme = _one_of(VIEWS, data, "view"), _one_of(colour_scheme.SCHEMES, data, "scheme")
    return Asked(form, contact, view, scheme)


def _one_of(choices: Sequence[tuple[str, Any]], data: QueryDict, name: str) -> str:
    value = data.get(name, "")
    return value if value in dict(choices) else choices[0][0]


def seen(shown: Preview | None, asked: Asked) -> dict[str, Any]:
    """For the template of a page."""
    marked = shown.made.marked if shown and shown.made else ""
    is_framed = asked.view in FRAMED
    return {
        "asked": asked,
        "form": asked.form,
        "preview": shown,
        "is_framed": is_framed,
        "message": colour_scheme.as_seen(marked, scheme=asked.scheme) if is_framed else "",
        "about_colours": colour_scheme.what_is_shown(marked, asked.scheme) if is_framed else "",
    }
