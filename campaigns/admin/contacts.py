"""Contacts and their import from a file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from campaigns.admin.base import OwnedAdmin, UncountedPaginator
from campaigns.admin.confirmation import StyledForm, page, say
from campaigns.admin.typed import button
from campaigns.contact_import import ContactImportError, ImportReport, import_contacts
from campaigns.models import Contact

SHOWN = 500
ENCODINGS = [
    ("", "Find out by itself"),
    ("utf-8", "UTF-8"),
    ("cp1252", "Windows-1252 (Western European)"),
    ("gb18030", "GB 18030 (simplified Chinese)"),
    ("big5", "Big5 (traditional Chinese)"),
    ("shift_jis", "Shift JIS (Japanese)"),
    ("utf-16", "UTF-16"),
]


class TagFilter(AutocompleteSelectFilter):  # type: ignore[misc]  # unfold is not typed
    title = "tag"


class ImportForm(StyledForm):
    file = forms.FileField(
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

    def clean_tags(self) -> list[str]:
        tags = [tag.strip() for tag in str(self.cleaned_data["tags"]).split(",")]
        return [tag for tag in tags if tag]


@admin.register(Contact)
class ContactAdmin(OwnedAdmin):
    paginator = UncountedPaginator
    list_disable_select_all = True
    list_display = ("email", "name", "tag_names", "created_at")
    list_filter = (("tags", TagFilter),)
    sortable_by = ("email",)
    ordering = ("-id",)
    search_fields = ("email", "name")
    search_help_text = "Part of an address or a name"
    fields = ("owner", "email", "name", "attributes", "tags", "tracking_consent")
    autocomplete_fields = ("owner", "tags")
    actions_list = ("import_file",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("tags")

    @admin.display(description="tags")
    def tag_names(self, contact: Contact) -> str:
        return ", ".join(tag.name for tag in contact.tags.all())

    def has_import_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("campaigns.import_contact")

    @button("Import from a file", "import", icon="upload", permissions=["import"])
    def import_file(self, request: HttpRequest) -> HttpResponse:
        report = None
        form = ImportForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                report = self._import(request, form)
            except ContactImportError as error:
                form.add_error("file", str(error))
        return page(
            request,
            self,
            "admin/campaigns/contact/import.html",
            title="Import contacts",
            form=form,
            report=report,
            rejected=report.rejected[:SHOWN] if report else (),
            ignored=report.ignored[:SHOWN] if report else (),
            shown=SHOWN,
            back_url=self.url("changelist"),
        )

    def _import(self, request: HttpRequest, form: ImportForm) -> ImportReport:
        cleaned = form.cleaned_data
        report = import_contacts(
            cleaned["file"].file,
            request.user,
            tags=cleaned["tags"],
            encoding=cleaned["encoding"] or None,
        )
        text = (
            f"Imported “{cleaned['file'].name}”: {report.created} contacts created, "
            f"{report.updated} updated, {report.unchanged} unchanged, {report.duplicates} "
            f"duplicates, {len(report.rejected)} rows rejected."
        )
        LogEntry.objects.create(
            user_id=request.user.pk,
            content_type=ContentType.objects.get_for_model(Contact),
            object_repr=str(cleaned["file"].name)[:200],
            action_flag=ADDITION,
            change_message=text,
        )
        say(request, text)
        return report
