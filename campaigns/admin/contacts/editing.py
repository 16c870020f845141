"""The form of a contact's page: its parts, and what is saved with it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin
from campaigns.admin.contacts import attribute_fields
from campaigns.admin.contacts.form import NEW, ContactForm, form_for
from campaigns.attributes.values import show
from campaigns.models import Contact

CONSENT = (
    "mail_consent",
    "mail_consent_at",
    "mail_consent_source",
    "tracking_consent",
    "paused_until",
    "days_between",
)


class EditsAttributes(OwnedAdmin):
    form = ContactForm
    readonly_fields = ("address", "values")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """`address` and `values` stand for the fields on pages that only show."""
        return () if self._is_editable(request, obj) else super().get_readonly_fields(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        is_editable = self._is_editable(request, obj)
        names = self._attribute_names(request, obj) if is_editable else ["values"]
        email = "email" if is_editable else "address"
        excluded = self.get_exclude(request, obj) or ()
        parts = [
            (None, [email, "name", "tags", "owner"]),
            (gettext("Attributes"), names),
            (gettext("Consent and frequency"), list(CONSENT)),
        ]
        return [
            (title, {"fields": [name for name in fields if name not in excluded]})
            for title, fields in parts
        ]

    def _is_editable(self, request: HttpRequest, contact: Contact | None) -> bool:
        if contact is None:
            return self.has_add_permission(request)
        return self.has_change_permission(request, contact)

    def _attribute_names(self, request: HttpRequest, contact: Contact | None) -> list[str]:
        shown = attribute_fields.of(contact, self._owner_of(request, contact))
        has_more = contact and attribute_fields.without_fields(contact.attributes)
        more = ["attributes"] if has_more or "attributes" in request.POST else []
        return [*(each.field_name for each in shown), *NEW, *more]

    def _owner_of(self, request: HttpRequest, contact: Contact | None) -> int:
        return contact.owner_id if contact else int(request.user.pk or 0)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[Any]:
        """With `attributes` always: it also takes the errors about all of them."""
        if not self._is_editable(request, obj):
            return super().get_form(request, obj, change=change, **kwargs)
        made = form_for(obj, self._owner_of(request, obj))
        names = [*self._attribute_names(request, obj), "attributes"]
        fields = ["owner", "email", "name", "tags", *CONSENT, *dict.fromkeys(names)]
        return super().get_form(
            request, obj, change=change, **{**kwargs, "form": made, "fields": fields}
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            obj.changed_at = Now()
        super().save_model(request, obj, form, change)
        if name := form.cleaned_data.get(NEW[0]):
            attribute_fields.declare(obj.owner_id, name)

    @admin.display(description=_("attributes"))
    def values(self, contact: Contact) -> SafeString | str:
        lines = [(key, show(value)) for key, value in contact.attributes.items()]
        return format_html_join("", "<p><strong>{}</strong>: {}</p>", lines) if lines else "–"
