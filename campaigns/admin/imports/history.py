"""The imports of an owner: which file, when, what became of it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from access.ownership import sees_everything
from admin_kit.base import staff
from admin_kit.words.labels import label
from admin_kit.words.moments import to_the_minute
from campaigns.admin.imports.steps import url
from campaigns.admin.operations.work import COLOURS
from campaigns.db.keys import is_key
from campaigns.models import Operation, OperationKind, OperationState
from campaigns.models.operation import FILE_OF

PER_PAGE = 50
S = OperationState


def history(request: HttpRequest) -> dict[str, Any]:
    """The newest imports, or those before the one that the query string names. Uses index
    operation_history."""
    before = request.GET.get("before", "")
    found = _visible(request)
    if is_key(before):
        found = found.filter(pk__lt=before)
    rows = list(found[: PER_PAGE + 1])
    shown = rows[:PER_PAGE]
    return {
        "rows": shown,
        "table": _table(shown, sees_everything(request.user)),
        "is_first_page": not before,
        "older_url": _older(shown[-1]) if len(rows) > PER_PAGE else "",
    }


def _visible(request: HttpRequest) -> QuerySet[Operation]:
    """Without the dry runs, which have the file of another."""
    imports = Operation.objects.visible_to(staff(request)).filter(kind=OperationKind.IMPORT)
    others = imports.exclude(params__has_key=FILE_OF)
    return others.select_related("owner").order_by("-pk")


def _older(last: Operation) -> str:
    query = urlencode({"before": last.pk})
    return f"{reverse('admin:campaigns_contact_imports')}?{query}"


def _table(imports: list[Operation], with_owners: bool) -> dict[str, Any]:
    headers = [
        gettext("File"),
        gettext("When"),
        gettext("State"),
        gettext("Created"),
        gettext("Updated"),
        gettext("Rejected"),
    ]
    return {
        "headers": [*headers, gettext("Owner")] if with_owners else headers,
        "rows": [_row(each, with_owners) for each in imports],
    }


def _row(operation: Operation, with_owners: bool) -> list[Any]:
    result = operation.result
    numbers = [f"{result[name]:,}" if name in result else "–" for name in COUNTED]
    state = label(state_of(operation), _colour(operation))
    row = [_link(operation), to_the_minute(operation.created_at), state, *numbers]
    return [*row, str(operation.owner)] if with_owners else row


COUNTED = ("created", "updated", "rejected")


def state_of(operation: Operation) -> str:
    if operation.undone_at is not None:
        return gettext("Undone")
    if operation.state == S.PREPARING:
        return gettext("Not imported yet")
    return str(operation.get_state_display())


def _colour(operation: Operation) -> str:
    is_undone = operation.undone_at is not None
    return "warning" if is_undone else COLOURS[operation.get_state_display()]


def _link(operation: Operation) -> SafeString:
    return format_html(
        '<a class="edm-link" href="{}">{}</a>', url("import", operation), operation.title
    )
