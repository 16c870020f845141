"""Admin pages for contacts and their import."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from addressing.addresses import as_written
from admin_kit.base import OwnedAdmin, OwnedForm, UncountedPaginator, staff
from admin_kit.filters import RelatedRowFilter
from admin_kit.typed import Textarea, button
from campaigns.admin import uses
from campaigns.admin.attributes import AttributesField
from campaigns.admin.importing import SECONDS, CsvField, ImportForm, import_page
from campaigns.files.contact_import import ImportReport, import_contacts
from campaigns.models import Contact


class TagFilter(RelatedRowFilter):
    title = "tag"


class ContactForm(OwnedForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "email" in self.initial:
            self.initial["email"] = as_written(self.initial["email"])

    attributes = AttributesField(
        required=False,
        initial=dict,
        widget=Textarea(attrs={"rows": 6, "class": "edm-code"}),
        help_text=Contact._meta.get_field("attributes").help_text,
    )


class ContactsForm(ImportForm):
    file = CsvField(
        label="CSV file",
        help_text="The first row names the columns; one of them is “email”. Columns that are not "
        "known become merge variables.",
    )
    tags = forms.CharField(
        required=False,
        max_length=500,
        help_text="Given to every contact in the file; separate several with commas.",
    )
    field_order = ("file", "tags", "encoding", "only_look")

    def clean_tags(self) -> list[str]:
        tags = [tag.strip() for tag in str(self.cleaned_data["tags"]).split(",")]
        return [tag for tag in tags if tag]


@admin.register(Contact)
class ContactAdmin(OwnedAdmin):
    form = ContactForm
    paginator = UncountedPaginator
    list_disable_select_all = True
    list_display = ("address", "name", "tag_names", "created_at")
    list_filter = (("tags", TagFilter),)
    sortable_by = ("address",)
    ordering = ("-id",)
    search_fields = ("email", "name")
    search_help_text = "Part of an address or a name"
    fields = ("owner", "email", "name", "attributes", "tags", "tracking_consent")
    autocomplete_fields = ("tags",)
    actions_list = ("import_file",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("tags")

    def uses_of(self, objects: Sequence[Any], request: HttpRequest) -> list[str]:
        return uses.by_tasks(objects, request.user, "contacts", statuses=uses.NOT_LAUNCHED)

    def deletion_of(self, objects: Sequence[Any], request: HttpRequest) -> tuple[Any, ...]:
        """Lists the contacts only, not the links to their tags."""
        return [str(contact) for contact in objects], {"contacts": len(objects)}, set(), []

    @admin.display(description="email", ordering="email")
    def address(self, contact: Contact) -> str:
        return str(contact)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Users with view permission only see the address as in the list."""
        fields = super().get_fields(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fields
        return ["address" if name == "email" else name for name in fields]

    @admin.display(description="tags")
    def tag_names(self, contact: Contact) -> str:
        return ", ".join(tag.name for tag in contact.tags.all())

    def has_import_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("campaigns.import_contact")

    @button("Import from a file", "import", icon="upload", permissions=["import"])
    def import_file(self, request: HttpRequest) -> HttpResponse:
        def read(entered: dict[str, Any]) -> ImportReport:
            return import_contacts(
                entered["file"].file,
                staff(request),
                tags=entered["tags"],
                encoding=entered["encoding"] or None,
                seconds=SECONDS,
                may_suppress=request.user.has_perm("campaigns.add_suppression"),
            )

        return import_page(
            request,
            self,
            ContactsForm,
            read,
            ("rejected", "ignored", "suppressed", "kept_out", "still_mailed"),
            "admin/campaigns/contact/import.html",
            title="Import contacts",
        )
