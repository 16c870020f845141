"""Admin pages for the suppression list: single entries, pasted lists, CSV import and export."""

from __future__ import annotations

import time
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_noop, override
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from access.ownership import SEE_EVERYTHING, owners_open_to
from addressing.addresses import AddressError, as_written, normalise
from admin_kit.base import SafeAdmin, staff, visible_rows
from admin_kit.confirmation import StyledForm, page, say
from admin_kit.history import log_event
from admin_kit.lists import UncountedPaginator
from admin_kit.typed import ModelForm, button
from campaigns import erased_keys, suppression_sources, suppressions, wording
from campaigns.admin.importing import SECONDS, CsvField, ImportForm, import_page
from campaigns.files import suppression_export
from campaigns.files.suppression_import import SuppressionReport, import_suppressions
from campaigns.models import Suppression
from campaigns.models.contacts import DOMAIN_REFUSED, SuppressionReason, is_domain

NEWEST = 50_000
"""The newest entries, among which those of an owner's contacts are listed; older ones are found by
search."""
HELP = _("Part of an address; an erased one whole")
OWN_HELP = _("A whole address, or part of a contact’s")
MOST_AT_ONCE = 10_000
SECONDS_AT_ONCE = 5.0
MOST_ERRORS = 50
"""Time limit for checking the pasted lines."""
REASONS = [choice for choice in SuppressionReason.choices if choice[0] != SuppressionReason.ERASED]
"""The reasons that staff may choose; erased addresses have rows of their own kind."""


def refuse_domain(entry: str, may_suppress_domains: bool) -> None:
    """Raises ValidationError for a whole domain that this user may not suppress."""
    if is_domain(entry) and not may_suppress_domains:
        raise ValidationError(DOMAIN_REFUSED)


class SuppressionForm(ModelForm):
    may_suppress_domains = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "email" in self.initial:
            self.initial["email"] = as_written(self.initial["email"])

    def clean_email(self) -> str:
        row = Suppression(email=self.cleaned_data["email"])
        try:
            row.clean_address()
        except ValidationError as error:
            raise ValidationError(error.messages) from error
        refuse_domain(row.email, self.may_suppress_domains)
        return row.email


class ManyForm(StyledForm):
    addresses = forms.CharField(
        label=_("Addresses"),
        widget=forms.Textarea(attrs={"rows": 15}),
        help_text=format_lazy(
            _(
                "One per line: an address, or @example.com for a whole domain. At most {most} "
                "lines."
            ),
            most=f"{MOST_AT_ONCE:,}",
        ),
    )
    reason = forms.ChoiceField(label=_("Reason"), choices=REASONS, initial=SuppressionReason.MANUAL)
    source = forms.CharField(label=_("Where these came from"), required=False, max_length=200)

    def __init__(self, data: Any, may_suppress_domains: bool) -> None:
        super().__init__(data)
        self.may_suppress_domains = may_suppress_domains

    def clean_addresses(self) -> list[Suppression]:
        """All or nothing: every invalid line is named, and the text stays in the form."""
        lines = str(self.cleaned_data["addresses"]).splitlines()
        if len(lines) > MOST_AT_ONCE:
            raise ValidationError(
                gettext(
                    "Enter at most %(most)s lines at once; these are %(lines)s. Longer "
                    "lists are imported from a file."
                )
                % {"most": f"{MOST_AT_ONCE:,}", "lines": f"{len(lines):,}"}
            )
        ends_at = time.monotonic() + SECONDS_AT_ONCE
        rows, errors = [], []
        for number, line in enumerate(lines, start=1):
            if time.monotonic() > ends_at:
                raise ValidationError(
                    gettext(
                        "To look at these lines takes longer than %(seconds)s s: line "
                        "%(number)s was not reached, and nothing was suppressed. Enter fewer "
                        "at once, or import a file."
                    )
                    % {"seconds": f"{SECONDS_AT_ONCE:g}", "number": f"{number:,}"}
                )
            row = Suppression(email=line.strip())
            try:
                if row.email:
                    row.clean_address()
                    refuse_domain(row.email, self.may_suppress_domains)
                    rows.append(row)
            except ValidationError as error:
                errors.append(_of_line(number, line.strip(), error))
        if errors:
            left = len(errors) - MOST_ERRORS
            more = [gettext("And %(more)s more.") % {"more": left}] if left > 0 else []
            raise ValidationError(errors[:MOST_ERRORS] + more)
        return rows


def _of_line(number: int, line: str, error: ValidationError) -> str:
    return gettext("Line %(number)s, “%(line)s”: %(problems)s") % {
        "number": number,
        "line": line[:80],
        "problems": " ".join(error.messages),
    }


class FileForm(ImportForm):
    file = CsvField(
        label=_("CSV file"),
        help_text=_(
            "The first row names the columns: “email” has addresses, or domains such as "
            "@example.com; “reason” and “source” may say more."
        ),
    )
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=REASONS,
        initial=SuppressionReason.MANUAL,
        help_text=_("Of rows that do not name one."),
    )
    source = forms.CharField(
        label=_("Where these came from"),
        required=False,
        max_length=200,
        help_text=_("For rows that do not say."),
    )
    field_order = ("file", "reason", "source", "encoding", "only_look")


@admin.register(Suppression)
class SuppressionAdmin(SafeAdmin):
    """Everybody's entries for those who may see everything. Others look single addresses up, and
    read of their own contacts that they are suppressed: not through whose message.
    """

    form = SuppressionForm
    paginator = UncountedPaginator
    list_disable_select_all = True
    list_display = ("shown", "reason", "where_from", "created_at")
    list_filter = (("reason", ChoicesDropdownFilter),)
    sortable_by = ("shown",)
    ordering = ("-id",)
    search_fields = ("email",)
    fields = ("email", "reason", "source")
    readonly_fields = ("where_from",)
    actions_list = ("add_many", "import_file", "export_file")

    @admin.display(description=_("address or @domain"), ordering="email")
    def shown(self, row: Suppression) -> str:
        return str(row)

    @admin.display(description=_("where from"))
    def where_from(self, row: Suppression) -> str:
        return suppression_sources.told(row.source)

    @admin.display(description=_("address or @domain"))
    def written(self, row: Suppression) -> str:
        return as_written(row.email)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return visible_rows(super().get_queryset(request), request.user)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Passes the help text to the change list, as Django has no method for it."""
        changes = super().get_changelist_instance(request)
        changes.search_help_text = str(OWN_HELP if _is_restricted(request) else HELP)
        return changes

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = super().get_list_display(request)
        if not _is_restricted(request):
            return columns
        return [column for column in columns if column != "where_from"]

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        """An entry that was looked up has no page for users who may not see all entries."""
        if _is_restricted(request):
            return None
        return super().get_list_display_links(request, list_display)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_fields(request, obj)
        if obj is not None and not self.has_change_permission(request, obj):
            fields = ["written", "reason", "where_from"]
        elif obj is not None and suppression_sources.told(obj.source) != obj.source:
            fields = ["email", "reason", "where_from"]
        if obj is None or not _is_restricted(request):
            return fields
        return [name for name in fields if name not in ("source", "where_from")]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[Any]:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(
            form.__name__, (form,), {"may_suppress_domains": _may_suppress_domains(request)}
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """A full address is found regardless of who suppressed it, also by its domain or as an
        erased address."""
        if found := _looked_up(search_term, by_domain=_is_restricted(request)):
            return Suppression.objects.filter(pk__in=found).order_by("-pk"), False
        if _is_restricted(request):
            newest = Suppression.objects.aggregate(newest=Max("pk"))["newest"] or 0
            queryset = queryset.filter(pk__gt=newest - NEWEST)
        return super().get_search_results(request, queryset, search_term)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any
    ) -> Any:
        """An entry that was looked up can be read only."""
        return super().response_action(
            request, visible_rows(queryset, request.user), *args, **kwargs
        )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The entry of an erased address has nothing to change."""
        allowed = super().has_change_permission(request, obj) and _may_touch(request, obj)
        return allowed and not (obj and _is_of_erasure(obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An erased address may be mailed again if its owner wishes so; placeholders never."""
        allowed = super().has_delete_permission(request, obj) and _may_touch(request, obj)
        return allowed and not (obj and obj.email == erased_keys.PLACEHOLDERS)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("choices", REASONS)
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    @button(_("Add many"), "add-many", icon="playlist_add", permissions=["add"])
    def add_many(self, request: HttpRequest) -> HttpResponse:
        data = request.POST if request.method == "POST" else None
        form = ManyForm(data, _may_suppress_domains(request))
        if form.is_valid():
            say(request, self._add(request, form))
            return HttpResponseRedirect(self.url("changelist"))
        return page(
            request,
            self,
            "admin/plain_form.html",
            title=gettext("Suppress many addresses"),
            text=gettext(
                "No campaign of any owner mails them any more: also not those being sent now."
            ),
            form=form,
            button=gettext("Suppress them"),
            back_url=self.url("changelist"),
        )

    def _add(self, request: HttpRequest, form: ManyForm) -> str:
        rows: list[Suppression] = form.cleaned_data["addresses"]
        for row in rows:
            row.reason = form.cleaned_data["reason"]
            row.source = form.cleaned_data["source"]
        emails = {row.email for row in rows}
        gone = suppressions.erased_among(emails)
        already = suppressions.listed(emails) | gone
        rows = [row for row in rows if row.email not in gone]
        Suppression.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
        added = len(emails - already)
        with override("en"):
            log_event(request, Suppression, wording.addresses(added), _told(added, len(already)))
        return _told(added, len(already))

    @button(_("Import from a file"), "import", icon="upload", permissions=["add"])
    def import_file(self, request: HttpRequest) -> HttpResponse:
        def read(entered: dict[str, Any]) -> SuppressionReport:
            return import_suppressions(
                entered["file"].file,
                reason=SuppressionReason(entered["reason"]),
                source=entered["source"],
                encoding=entered["encoding"] or None,
                seconds=SECONDS,
                domains=_may_suppress_domains(request),
            )

        return import_page(
            request,
            self,
            FileForm,
            read,
            ("rejected", "ignored"),
            "admin/campaigns/suppression/import.html",
            title=gettext("Import suppressions"),
            text=gettext(
                "No campaign mails these addresses any more, of any owner: also not those "
                "being sent now."
            ),
        )

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("campaigns.export_suppression")

    @button(_("Export to a file"), "export", icon="download", permissions=["export"])
    def export_file(self, request: HttpRequest) -> StreamingHttpResponse:
        """Streamed: the list may have a million rows. Users who may not see everything get the
        entries for their own contacts."""
        lines, what = suppression_export.lines(), gettext_noop("Exported to a file.")
        if _is_restricted(request):
            lines = suppression_export.lines_for(owners_open_to(staff(request).pk))
            what = gettext_noop("Exported to a file: the entries of own contacts.")
        log_event(request, Suppression, gettext_noop("the suppression list"), what)
        response = StreamingHttpResponse(lines, content_type="text/csv")
        name = f"suppressions-{timezone.localdate():%Y-%m-%d}.csv"
        response.headers["Content-Disposition"] = content_disposition_header(True, name)
        return response


def _told(added: int, already: int) -> str:
    return gettext("%(addresses)s suppressed; %(already)s already on the list.") % {
        "addresses": wording.addresses(added),
        "already": f"{already:,}",
    }


def _is_restricted(request: HttpRequest) -> bool:
    return not request.user.has_perm(SEE_EVERYTHING)


def _may_suppress_domains(request: HttpRequest) -> bool:
    return request.user.has_perm("campaigns.suppress_domain")


def _may_touch(request: HttpRequest, row: Suppression | None) -> bool:
    return row is None or not is_domain(row.email) or _may_suppress_domains(request)


def _looked_up(term: str, *, by_domain: bool) -> list[int]:
    """The keys of the entries that match a full address: itself, its hash, or its domain."""
    try:
        address = normalise(term)
    except AddressError:
        return []
    names = erased_keys.possible_keys(address)
    if by_domain:
        names = [*names, address, suppressions.domain_of(address)]
    return list(Suppression.objects.filter(email__in=names).values_list("pk", flat=True))


def _is_of_erasure(row: Suppression) -> bool:
    return erased_keys.is_key(row.email) or row.email == erased_keys.PLACEHOLDERS
