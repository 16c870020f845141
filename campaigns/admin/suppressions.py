"""Addresses that are never mailed: one by one, or many pasted at once."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from campaigns.admin.base import SafeAdmin, UncountedPaginator
from campaigns.admin.confirmation import StyledForm, page, say
from campaigns.admin.history import log_event
from campaigns.admin.typed import button
from campaigns.models import Suppression
from campaigns.models.contacts import SuppressionReason
from campaigns.wording import counted

MOST_AT_ONCE = 100_000


class ManyForm(StyledForm):
    addresses = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 15}),
        help_text="One per line: an address, or @example.com for a whole domain.",
    )
    reason = forms.ChoiceField(choices=SuppressionReason, initial=SuppressionReason.MANUAL)
    source = forms.CharField(required=False, max_length=200, help_text="Where these came from.")

    def clean_addresses(self) -> list[Suppression]:
        """All or nothing: every line that is wrong is named, and the text stays in the form."""
        lines = str(self.cleaned_data["addresses"]).splitlines()
        if len(lines) > MOST_AT_ONCE:
            raise ValidationError(f"Enter at most {MOST_AT_ONCE:,} lines at once.")
        rows, errors = [], []
        for number, line in enumerate(lines, start=1):
            row = Suppression(email=line.strip())
            try:
                if row.email:
                    row.clean()
                    rows.append(row)
            except ValidationError as error:
                errors.append(f"Line {number}, “{line.strip()[:80]}”: {' '.join(error.messages)}")
        if errors:
            more = [f"And {len(errors) - 50} more."] if len(errors) > 50 else []
            raise ValidationError(errors[:50] + more)
        return rows


@admin.register(Suppression)
class SuppressionAdmin(SafeAdmin):
    paginator = UncountedPaginator
    list_disable_select_all = True
    list_display = ("email", "reason", "source", "created_at")
    list_filter = (("reason", ChoicesDropdownFilter),)
    sortable_by = ("email",)
    ordering = ("-id",)
    search_fields = ("email",)
    search_help_text = "Part of an address"
    fields = ("email", "reason", "source")
    actions_list = ("add_many",)

    @button("Add many", "add-many", icon="playlist_add", permissions=["add"])
    def add_many(self, request: HttpRequest) -> HttpResponse:
        form = ManyForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            say(request, self._add(request, form))
            return HttpResponseRedirect(self.url("changelist"))
        return page(
            request,
            self,
            "admin/plain_form.html",
            title="Suppress many addresses",
            text="No task mails them any more, whoever owns it: also not the tasks being sent now.",
            form=form,
            button="Suppress them",
            back_url=self.url("changelist"),
        )

    def _add(self, request: HttpRequest, form: ManyForm) -> str:
        rows: list[Suppression] = form.cleaned_data["addresses"]
        for row in rows:
            row.reason = form.cleaned_data["reason"]
            row.source = form.cleaned_data["source"]
        known = Suppression.objects.filter(email__in=[row.email for row in rows])
        already = set(known.values_list("email", flat=True))
        added = len({row.email for row in rows} - already)
        Suppression.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
        addresses = counted(added, "address", "addresses")
        text = f"{addresses} suppressed; {len(already):,} already on the list."
        log_event(request, Suppression, addresses, text)
        return text
