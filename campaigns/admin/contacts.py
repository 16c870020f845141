"""Contacts and their import from a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from campaigns.addresses import as_written
from campaigns.admin import uses
from campaigns.admin.attributes import AttributesField
from campaigns.admin.base import OwnedAdmin, OwnedForm, UncountedPaginator, staff
from campaigns.admin.confirmation import StyledForm, page, say
from campaigns.admin.filters import RelatedRowFilter
from campaigns.admin.history import log_event
from campaigns.admin.importing import ENCODINGS, SECONDS, SHOWN, CsvField, only_look_field, table_of
from campaigns.admin.typed import Textarea, button
from campaigns.contact_import import ImportReport, import_contacts
from campaigns.file_rows import FileImportError
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


class ImportForm(StyledForm):
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
    encoding = forms.ChoiceField(required=False, choices=ENCODINGS)
    only_look = only_look_field()

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
        """Only the contacts: that they lose their tags, row by row, is nothing to read about."""
        return [str(contact) for contact in objects], {"contacts": len(objects)}, set(), []

    @admin.display(description="email", ordering="email")
    def address(self, contact: Contact) -> str:
        return str(contact)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look reads the address as it is in the list."""
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
        report = None
        posted = request.method == "POST"
        form = ImportForm(request.POST, request.FILES) if posted else ImportForm()
        if form.is_valid():
            try:
                report = self._import(request, form)
            except FileImportError as error:
                form.add_error("file", str(error))
        return page(
            request,
            self,
            "admin/campaigns/contact/import.html",
            title="Import contacts",
            form=form,
            report=report,
            only_look=report and form.cleaned_data["only_look"],
            rejected=table_of(report.rejected) if report else None,
            ignored=table_of(report.ignored) if report else None,
            suppressed=table_of(report.suppressed) if report else None,
            kept_out=table_of(report.kept_out) if report else None,
            still_mailed=table_of(report.still_mailed) if report else None,
            shown=SHOWN,
            back_url=self.url("changelist"),
        )

    def _import(self, request: HttpRequest, form: ImportForm) -> ImportReport:
        cleaned = form.cleaned_data
        with transaction.atomic():
            report = import_contacts(
                cleaned["file"].file,
                staff(request),
                tags=cleaned["tags"],
                encoding=cleaned["encoding"] or None,
                seconds=SECONDS,
                may_suppress=request.user.has_perm("campaigns.add_suppression"),
            )
            transaction.set_rollback(cleaned["only_look"])
        if cleaned["only_look"]:
            return report
        text = f"Imported “{cleaned['file'].name}”: {report.explain()}"
        log_event(request, Contact, cleaned["file"].name, text)
        say(request, text)
        return report
