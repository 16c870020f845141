"""The list behind a number of a task: contacts a page at a time, without a count."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from addressing.addresses import as_written
from admin_kit.base import OwnedAdmin
from admin_kit.confirmation import page
from campaigns.admin.recipients import numbers
from campaigns.db.few_at_once import answer_within
from campaigns.db.keys import is_key
from campaigns.models import Change, Contact, Difference, LeftOut, LeftOutReason, Promise, Task
from campaigns.recipients import counting, promises
from campaigns.recipients.decision import NOT_LAUNCHED, SENT, UnknownAudience

PER_PAGE = 50
SECONDS = 5.0
"""For a list that has to be found first."""
LABELS = {SENT: _("Will be sent"), **dict(LeftOutReason.choices)}
DELETED = _("This contact was deleted.")
HANDED_ON = _("This contact has another owner now.")


class Line(NamedTuple):
    """`url` leads to the contact, "" when it is not there any more."""

    key: int
    address: str
    name: str
    url: str


class TaskLists(OwnedAdmin):
    """The pages that list the contacts behind the numbers of a task."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.recipients_view)
        name = "campaigns_task_recipients"
        return [path("<path:object_id>/recipients/", view, name=name), *super().get_urls()]

    def recipients_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        task: Task = self.visible(request, object_id)
        if not numbers.may_list(request.user):
            raise PermissionDenied
        title, found = _asked_for(task, request)
        lines = found[:PER_PAGE]
        query = {**request.GET.dict(), "after": str(lines[-1].key)} if lines else {}
        return page(
            request,
            self,
            "admin/campaigns/task/recipients.html",
            title=title,
            original=task,
            lines=lines,
            next_url=f"?{urlencode(query)}" if len(found) > PER_PAGE else "",
            is_first=not _number(request, "after"),
            first_url=f"?{urlencode({k: v for k, v in query.items() if k != 'after'})}",
            back_url=reverse("admin:campaigns_task_change", args=[task.pk]),
        )


def _asked_for(task: Task, request: HttpRequest) -> tuple[str, list[Line]]:
    """The heading, and one line more than a page has. Raises Http404."""
    after = _number(request, "after")
    if "promise" in request.GET:
        return _promised(task, _number(request, "promise"), request.GET.get("reason", ""), after)
    if "now" in request.GET:
        return _now(task, request.GET["now"], after)
    if "left_out" in request.GET:
        return _left_out(task, request.GET["left_out"], after)
    if "change" in request.GET:
        return _changed(task, request.GET.dict(), after)
    raise Http404(gettext("There is no such list."))


def _promised(task: Task, key: int, asked: str, after: int) -> tuple[str, list[Line]]:
    promise = Promise.objects.filter(task=task, pk=key).first()
    reason = SENT if asked == "sent" else asked
    if promise is None or reason not in LABELS:
        raise Http404(gettext("There is no such list, or it is too old: open the question again."))
    ids = promises.listed(promise, reason, after, PER_PAGE + 1)
    return str(LABELS[reason]), _lines(task, [(pk, "") for pk in ids])


def _now(task: Task, asked: str, after: int) -> tuple[str, list[Line]]:
    """What a launch of a draft would do now."""
    reason = SENT if asked == "sent" else asked
    if reason not in LABELS or task.status not in NOT_LAUNCHED:
        raise Http404(gettext("There is no such list."))
    try:
        rows = answer_within(SECONDS, lambda: counting.listed(task, reason, after, PER_PAGE + 1))
    except UnknownAudience as error:
        raise Http404(str(error)) from error
    if rows is None:
        raise Http404(gettext("Looking takes too long just now. Try again in a moment."))
    return str(LABELS[reason]), _lines(task, [(row.contact_id, row.address) for row in rows])


def _left_out(task: Task, reason: str, after: int) -> tuple[str, list[Line]]:
    if reason not in LeftOutReason.values:
        raise Http404(gettext("There is no such list."))
    rows = LeftOut.objects.filter(task=task, reason=reason, pk__gt=after).order_by("pk")
    found = list(rows[: PER_PAGE + 1])
    lines = _lines(task, [(row.contact_id, row.recipient_email) for row in found])
    title = gettext("Left out: %(label)s") % {"label": LeftOutReason(reason).label}
    return title, [line._replace(key=row.pk) for row, line in zip(found, lines, strict=True)]


def _changed(task: Task, asked: dict[str, str], after: int) -> tuple[str, list[Line]]:
    if asked["change"] not in Change.values:
        raise Http404(gettext("There is no such list."))
    rows: QuerySet[Difference] = Difference.objects.filter(
        task=task,
        change=asked["change"],
        promised=asked.get("promised", ""),
        made=asked.get("made", ""),
        contact_id__gt=after,
    ).order_by("contact_id")
    found = [(row.contact_id, row.recipient_email) for row in rows[: PER_PAGE + 1]]
    return gettext("Changed: %(label)s") % {"label": Change(asked["change"]).label}, _lines(
        task, found
    )


def _lines(task: Task, found: list[tuple[int, str]]) -> list[Line]:
    """With the address as it was recorded, else as it is now."""
    contacts: dict[int, Any] = Contact.objects.in_bulk([pk for pk, _ in found])
    return [_line(task, pk, address, contacts.get(pk)) for pk, address in found]


def _line(task: Task, pk: int, address: str, contact: Contact | None) -> Line:
    """Of a contact that another owner has now, nothing is told but what was recorded."""
    if contact is None or contact.owner_id != task.owner_id:
        gone = HANDED_ON if contact else DELETED
        return Line(pk, as_written(address) if address else str(gone), "", "")
    url = reverse("admin:campaigns_contact_change", args=[pk])
    return Line(pk, as_written(address or contact.email), contact.name, url)


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if is_key(text) else 0
