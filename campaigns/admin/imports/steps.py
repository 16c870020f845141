"""Where one is on the way from a file to its contacts."""

from __future__ import annotations

from typing import NamedTuple

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import Operation, OperationKind, OperationState

NAMES = {
    "file": _("File"),
    "columns": _("Match columns"),
    "options": _("What to do"),
    "check": _("Check"),
    "import": _("Import"),
}


class Step(NamedTuple):
    """`url` leads back to a step that is done; later ones have none."""

    name: str
    url: str
    is_current: bool


def steps(current: str, operation: Operation | None = None) -> list[Step]:
    names = list(NAMES)
    return [
        Step(str(NAMES[name]), _url(name, at < names.index(current), operation), name == current)
        for at, name in enumerate(names)
    ]


def _url(name: str, is_done: bool, operation: Operation | None) -> str:
    is_open = operation is not None and operation.state == OperationState.PREPARING
    return url(name, operation) if operation and is_done and is_open and name != "file" else ""


def url(page: str, operation: Operation) -> str:
    """The address of one of an import's pages; "import" is the one that is always right."""
    name = "campaigns_contact_import" + ("" if page == "import" else f"_{page}")
    return reverse(f"admin:{name}", args=[operation.pk])


def visible_import(request: HttpRequest, object_id: int) -> Operation:
    """Raises Http404 for an operation that is no import, or one that this user may not see."""
    imports = Operation.objects.visible_to(request.user).filter(kind=OperationKind.IMPORT)
    found: Operation | None = imports.filter(pk=object_id).first()
    if found is None:
        raise Http404(gettext("There is no such import, or it has another owner."))
    return found
