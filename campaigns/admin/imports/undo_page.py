"""Undo an import: a question that says what it removes and what it leaves, then an operation."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from admin_kit.base import SafeAdmin, staff
from admin_kit.confirmation import Question, ask, is_confirmed, say
from admin_kit.history import log_event
from campaigns.admin.imports.result_page import may_undo
from campaigns.admin.imports.steps import url
from campaigns.imports.writing import undo
from campaigns.models import Contact, Operation, OperationKind
from campaigns.operations import running
from campaigns.wording import contacts

CANNOT = _("This import cannot be undone now: it is not over, or its undo was begun already.")


def undo_page(request: HttpRequest, model_admin: SafeAdmin, operation: Operation) -> HttpResponse:
    back_url = url("import", operation)
    if is_confirmed(request):
        if not _begin(request, operation):
            say(request, str(CANNOT), error=True)
        return HttpResponseRedirect(back_url)
    if not may_undo(operation):
        say(request, str(CANNOT), error=True)
        return HttpResponseRedirect(back_url)
    return ask(request, model_admin, _question(operation), back_url=back_url)


def _question(operation: Operation) -> Question:
    found = undo.preview(operation)
    removed = contacts(found["removed"])
    left = [
        (gettext("Left: they %(why)s") % {"why": undo.LEFT[why]}, f"{n:,}")
        for why, n in found["left"].items()
    ]
    return Question(
        gettext("Undo the import of “%(title)s”?") % {"title": operation.title},
        gettext(
            "It removes %(removed)s that this import made, and that nothing has used or "
            "changed since. What it changed in contacts that existed before stays, and so do "
            "suppressions."
        )
        % {"removed": removed},
        gettext("Remove %(removed)s") % {"removed": removed},
        problems=[gettext("None of the contacts that it made can be removed.")]
        if left and not found["removed"]
        else [],
        details=[(gettext("Removed"), f"{found['removed']:,}"), *left],
        danger=True,
    )


def _begin(request: HttpRequest, operation: Operation) -> bool:
    """False when it cannot be undone. Of two clicks, one finds what the other began."""
    with transaction.atomic():
        locked = Operation.objects.select_for_update().get(pk=operation.pk)
        if not may_undo(locked):
            return False
        begun = Operation.objects.create(
            owner=locked.owner,
            requested_by=staff(request),
            kind=OperationKind.UNDO_IMPORT,
            title=locked.title,
            params={"import": locked.pk},
        )
        running.start(begun)
        log_event(
            request,
            Contact,
            locked.title,
            gettext_noop("Began to undo the import of “%(title)s”.") % {"title": locked.title},
        )
    return True
