"""The buttons of lists and rows that lead to an export."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin
from admin_kit.typed import button
from campaigns.admin.exports.page import OF_TASK, export_page, may_export
from campaigns.db.keys import is_key
from campaigns.exports import contacts
from campaigns.models import Operation, Segment, Tally, Task


class ExportContacts(OwnedAdmin):
    """For the list of contacts. Other pages lead to the same address with ?segment= or ?import=."""

    def has_export_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return may_export(request.user, contacts.NAME)

    @button(_("Export to a file"), "export", icon="download", permissions=["export"])
    def export_file(self, request: HttpRequest) -> HttpResponseBase:
        back_url = self.url("changelist")
        chosen, what, about = _chosen(request)
        subjects = {contacts.NAME: gettext("Contacts")}
        return export_page(request, self, subjects, chosen, what, back_url, about=about)


def _chosen(request: HttpRequest) -> tuple[dict[str, int], str, str]:
    """What the address names, if the user may see it: its key, a sentence for it and its name.
    Raises Http404."""
    if segment_id := request.GET.get("segment"):
        segment = _visible(request, Segment.objects, segment_id)
        what = gettext_noop("contacts of the segment “%(segment)s”") % {"segment": segment}
        return {"segment": segment.pk}, what, str(segment)
    if import_id := request.GET.get("import"):
        operation = _visible(request, Operation.objects, import_id)
        what = gettext_noop("contacts that “%(title)s” brought") % {"title": operation.title}
        return {"import": operation.pk}, what, operation.title
    return {}, gettext_noop("all contacts"), ""


def _visible(request: HttpRequest, rows: Any, key: str) -> Any:
    found = rows.visible_to(request.user).filter(pk=key).first() if is_key(key) else None
    if found is None:
        raise Http404(gettext("There is no such row, or it has another owner."))
    return found


class ExportTask(OwnedAdmin):
    """For the page of a task that was launched."""

    def has_export_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return may_export(request.user, *OF_TASK)

    @button(_("Export"), "export", icon="download", permissions=["export"])
    def export_results(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        task: Task = self.visible(request, object_id)
        what = gettext_noop("the results of “%(task)s”") % {"task": task}
        back_url = self.url("change", task.pk)
        chosen = {"task": task.pk}
        return export_page(request, self, OF_TASK, chosen, what, back_url, about=str(task))


def has_results(task: Task) -> bool:
    return Tally.objects.counts(task.pk).total > 0
