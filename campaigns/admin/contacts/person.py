"""What the page of a contact shows beside its form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from admin_kit.base import WithPanel, visible_rows
from admin_kit.confirmation import StyledForm
from campaigns.admin.contacts.columns import SEEN, last_times
from campaigns.contact_status import ContactStatus, standings_of
from campaigns.models import Contact, EngagementKind, Operation, Task
from campaigns.recipients.answer import Answer, why

MOST_CAMPAIGNS = 100
"""The newest can be asked about."""
COLOURS = {
    ContactStatus.MAILABLE.value: "success",
    ContactStatus.NO_CONSENT.value: "",
    ContactStatus.PAUSED.value: "info",
    ContactStatus.REFUSED.value: "warning",
    ContactStatus.SUPPRESSED.value: "danger",
}


class CampaignForm(StyledForm):
    campaign = forms.ModelChoiceField(
        queryset=Task.objects.none(),
        empty_label=_("Choose a campaign"),
        widget=forms.Select(attrs={"aria-label": _("Campaign")}),
    )

    def __init__(self, data: Any, campaigns: QuerySet[Task]) -> None:
        super().__init__(data)
        field: Any = self.fields["campaign"]
        field.queryset = campaigns


class Person:
    """A contact and its subscription, for one user."""

    def __init__(self, contact: Contact, request: HttpRequest) -> None:
        self.contact, self._request = contact, request
        self.standing = standings_of([contact], timezone.now())[contact.pk]
        self.colour = COLOURS[self.standing.status.value]
        key = (contact.owner_id, contact.address_key)
        self.mailed_at = last_times([contact], [EngagementKind.SENT]).get(key)
        self.seen_at = last_times([contact], SEEN).get(key)
        self.page = request.GET.get("messages", "")
        self.may_see_messages = request.user.has_perm("campaigns.view_subtask")
        tasks = visible_rows(Task.objects.filter(owner=contact.owner_id), request.user)
        newest = tasks.order_by("-pk").values_list("pk", flat=True)[:MOST_CAMPAIGNS]
        self.campaigns = list(newest) if request.user.has_perm("campaigns.view_task") else []
        asked = request.GET if "campaign" in request.GET else None
        self.form = CampaignForm(asked, tasks.filter(pk__in=self.campaigns).order_by("-pk"))
        self.asked: Task | None = None
        if asked is not None and self.form.is_valid():
            self.asked = self.form.cleaned_data["campaign"]

    @cached_property
    def answer(self) -> Answer | None:
        """By the code that the launch uses."""
        return why(self.asked, self.contact) if self.asked else None

    @property
    def imported(self) -> dict[str, str] | None:
        """By which import it came; not by one of an owner who has handed it on."""
        user = self._request.user
        key = self.contact.imported_by_id
        if key is None or not user.has_perm("campaigns.view_operation"):
            return None
        operation = visible_rows(Operation.objects.all(), user).filter(pk=key).first()
        if operation is None:
            return None
        url = reverse("admin:campaigns_operation_change", args=[operation.pk])
        return {"title": operation.title, "url": url}


class ShowsThePerson(WithPanel):
    change_form_outer_before_template = "admin/campaigns/contact/before_form.html"
    change_form_outer_after_template = "admin/campaigns/contact/after_form.html"

    def panel_of(self, request: HttpRequest, row: Contact) -> dict[str, Any]:
        return {"person": Person(row, request)}
