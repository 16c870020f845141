"""The page of an import that was started: how far it is, what came of it, and its undo."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from admin_kit.base import SafeAdmin
from admin_kit.confirmation import Question, ask, is_confirmed, page, say
from admin_kit.history import log_event
from admin_kit.words.moments import to_the_minute
from campaigns.admin.imports.import_work import ImportWork
from campaigns.admin.imports.report import contacts_url, report_of
from campaigns.admin.imports.steps import steps, url
from campaigns.admin.operations.work import Work, file_url, kept_files, may_cancel
from campaigns.models import Contact, Operation, OperationKind
from campaigns.models.operation import ENDED_STATES
from campaigns.operations import running

REJECTED = "rejected"


class Button(NamedTuple):
    text: str
    url: str
    variant: str = "default"


def result_page(request: HttpRequest, model_admin: SafeAdmin, operation: Operation) -> HttpResponse:
    undo = undo_of(operation)
    return page(
        request,
        model_admin,
        "admin/campaigns/imports/import.html",
        title=gettext("Import of “%(title)s”") % {"title": operation.title},
        steps=steps("import", operation),
        work=ImportWork(operation, request.user),
        report=report_of(operation, request.user),
        undo=Work(undo, request.user) if undo else None,
        undone_at=to_the_minute(operation.undone_at) if operation.undone_at else "",
        buttons=_buttons(operation, undo),
        history_url=reverse("admin:campaigns_contact_imports"),
    )


def undo_of(operation: Operation) -> Operation | None:
    """The last undo of an import."""
    undos = Operation.objects.filter(owner=operation.owner_id, kind=OperationKind.UNDO_IMPORT)
    return undos.filter(params__import=operation.pk).order_by("-pk").first()


def may_undo(operation: Operation) -> bool:
    undo = undo_of(operation)
    return (
        operation.state in ENDED_STATES
        and operation.undone_at is None
        and bool(operation.result)
        and not (undo and undo.is_open)
    )


def _buttons(operation: Operation, undo: Operation | None) -> list[Button]:
    buttons = []
    if (
        operation.state in ENDED_STATES
        and operation.result.get("created")
        and not operation.undone_at
    ):
        buttons.append(Button(gettext("Contacts that came in"), contacts_url(operation), "primary"))
    file = kept_files(operation).filter(role=REJECTED).first()
    if file is not None and operation.state in ENDED_STATES:
        buttons.append(Button(gettext("Rejected rows, to correct"), file_url(file)))
    if may_undo(operation):
        buttons.append(Button(gettext("Undo this import"), url("undo", operation)))
    return buttons


def cancel_page(request: HttpRequest, model_admin: SafeAdmin, operation: Operation) -> HttpResponse:
    back_url = url("import", operation)
    if not may_cancel(operation, request.user):
        say(
            request,
            gettext("“%(title)s” has ended already.") % {"title": operation.title},
            error=True,
        )
        return HttpResponseRedirect(back_url)
    if is_confirmed(request):
        if running.cancel(operation):
            log_event(
                request,
                Contact,
                operation.title,
                gettext_noop("Cancelled the import of “%(title)s”.") % {"title": operation.title},
            )
            say(request, gettext("It ends after the rows that are being worked on."))
        return HttpResponseRedirect(back_url)
    question = Question(
        gettext("Cancel the import of “%(title)s”?") % {"title": operation.title},
        gettext(
            "It ends after the rows that are being worked on. What came in until then stays, "
            "and can be undone afterwards."
        ),
        gettext("Cancel the import"),
        danger=True,
    )
    return ask(request, model_admin, question, back_url=back_url)
