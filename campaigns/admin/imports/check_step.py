"""The fourth step: the import is done without writing anything, and counted."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from admin_kit.base import SafeAdmin
from admin_kit.confirmation import page, say
from admin_kit.history import log_event
from campaigns.admin.imports.import_work import ImportWork
from campaigns.admin.imports.prepared import NotPrepared, Prepared, preparing
from campaigns.admin.imports.report import report_of
from campaigns.admin.imports.steps import steps, url
from campaigns.admin.imports.upload import ROLE
from campaigns.models import Contact, Operation, OperationKind, OperationState
from campaigns.models.operation import FILE_OF
from campaigns.operations import running

S = OperationState
NOT_CHECKED = _("This import was not checked yet, or changed since. Look at the numbers first.")


def start_check(prepared: Prepared) -> None:
    """Begin a dry run of the settings, in place of an earlier one."""
    operation = prepared.operation
    for former in checks_of(operation):
        end(former)
    settings = replace(prepared.settings, dry_run=True)
    check = Operation.objects.create(
        owner=operation.owner,
        requested_by=operation.requested_by,
        kind=OperationKind.IMPORT,
        title=(gettext_noop("Check of %(title)s") % {"title": operation.title})[:300],
        params={**settings.to_params(), FILE_OF: operation.pk},
    )
    prepared.keep_check(check)
    running.start(check)


def end(check: Operation) -> None:
    """Delete a dry run; one that a worker has in its hands ends soon."""
    running.cancel(check)
    check.refresh_from_db()
    if not check.is_open:
        check.delete()


def checks_of(operation: Operation) -> list[Operation]:
    """Its dry runs."""
    checks = Operation.objects.filter(owner=operation.owner_id, kind=OperationKind.IMPORT)
    return list(checks.filter(**{f"params__{FILE_OF}": operation.pk}))


def check_page(request: HttpRequest, model_admin: SafeAdmin, operation: Operation) -> HttpResponse:
    """Raises NotPrepared."""
    with preparing(operation) as prepared:
        check = Operation.objects.filter(pk=prepared.check).first() if prepared.check else None
        if check is None:
            return HttpResponseRedirect(url("options", operation))
        if request.method == "POST" and check.state == S.DONE:
            _start(request, prepared)
            return HttpResponseRedirect(url("import", operation))
    if request.method == "POST":
        say(request, str(NOT_CHECKED), error=True)
        return HttpResponseRedirect(url("check", operation))
    return page(
        request,
        model_admin,
        "admin/campaigns/imports/check.html",
        title=gettext("What would become of “%(title)s”") % {"title": operation.title},
        steps=steps("check", operation),
        work=ImportWork(check, request.user),
        report=report_of(check, request.user),
        is_checked=check.state == S.DONE,
        has_failed=check.state in (S.FAILED, S.CANCELLED),
        back_url=url("options", operation),
    )


def _start(request: HttpRequest, prepared: Prepared) -> None:
    """The file is kept for as long as the import may take."""
    operation = prepared.operation
    if not operation.files.filter(role=ROLE).update(expires_at=None):
        raise NotPrepared(gettext("The file was deleted, as it was not imported within a day."))
    for check in checks_of(operation):
        end(check)
    running.start(operation)
    log_event(
        request,
        Contact,
        operation.title,
        gettext_noop("Began the import of “%(title)s”.") % {"title": operation.title},
    )
