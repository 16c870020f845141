"""The addresses of the import, on the admin of contacts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.base import SafeAdmin, staff
from admin_kit.confirmation import Question, ask, is_confirmed, page, say
from admin_kit.typed import button
from campaigns.admin.imports.check_step import check_page, checks_of, end
from campaigns.admin.imports.columns_step import columns_page
from campaigns.admin.imports.history import history
from campaigns.admin.imports.import_work import ImportWork
from campaigns.admin.imports.options_step import options_page
from campaigns.admin.imports.prepared import NotPrepared, Prepared, preparing
from campaigns.admin.imports.result_page import cancel_page, result_page
from campaigns.admin.imports.steps import steps, url, visible_import
from campaigns.admin.imports.undo_page import undo_page
from campaigns.admin.imports.upload import UploadForm, prepared, store
from campaigns.files.row_errors import FileImportError
from campaigns.models import Operation, OperationState

View = Callable[[HttpRequest, SafeAdmin, Operation], HttpResponse]
IMPORT = "campaigns.import_contact"


class ImportPages(SafeAdmin):
    """The button of the list that imports a file, and the pages it leads to."""

    def has_import_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(IMPORT)

    @button(_("Import from a file"), "import", icon="upload", permissions=["import"])
    def import_file(self, request: HttpRequest) -> HttpResponse:
        user = staff(request)
        posted = (request.POST, request.FILES) if request.method == "POST" else ()
        form = UploadForm(user, *posted)
        if form.is_valid():
            operation = store(user, form.owner, form.cleaned_data["file"])
            try:
                Prepared(operation).begin()
            except FileImportError as error:
                operation.delete()
                form.add_error("file", str(error))
            else:
                return HttpResponseRedirect(url("columns", operation))
        return page(
            request,
            self,
            "admin/campaigns/imports/upload.html",
            title=gettext("Import contacts"),
            steps=steps("file"),
            form=form,
            unfinished=prepared(user),
            back_url=self.url("changelist"),
        )

    def get_urls(self) -> list[URLPattern]:
        views: dict[str, View] = {
            "": import_page,
            "columns": columns_page,
            "options": options_page,
            "check": check_page,
            "progress": progress_view,
            "cancel": cancel_page,
            "discard": discard_page,
            "undo": undo_page,
        }
        listed = self.admin_site.admin_view(self.imports_view)
        return [
            path("imports/", listed, name="campaigns_contact_imports"),
            *(self._own(name, view) for name, view in views.items()),
            *super().get_urls(),
        ]

    def _own(self, name: str, view: View) -> URLPattern:
        route = f"imports/<int:object_id>/{name}/" if name else "imports/<int:object_id>/"
        wrapped = self.admin_site.admin_view(partial(self.of_import, view=view))
        return path(route, wrapped, name=f"campaigns_contact_import{'_' if name else ''}{name}")

    def of_import(self, request: HttpRequest, object_id: int, view: View) -> HttpResponse:
        """A page of one import: of one's own, with the permission to import."""
        self._refuse_others(request)
        operation = visible_import(request, object_id)
        try:
            return view(request, self, operation)
        except NotPrepared as error:
            say(request, str(error), error=True)
            is_gone = operation.state == OperationState.PREPARING and not operation.files.exists()
            return HttpResponseRedirect(_upload_url() if is_gone else url("import", operation))

    def imports_view(self, request: HttpRequest) -> HttpResponse:
        self._refuse_others(request)
        return page(
            request,
            self,
            "admin/campaigns/imports/history.html",
            title=gettext("Imports of contacts"),
            upload_url=_upload_url(),
            **history(request),
        )

    def _refuse_others(self, request: HttpRequest) -> None:
        if not self.has_import_permission(request):
            raise PermissionDenied


def import_page(request: HttpRequest, model_admin: SafeAdmin, operation: Operation) -> HttpResponse:
    """The address that is always right: of the step that is next, or of the result."""
    if operation.state != OperationState.PREPARING:
        return result_page(request, model_admin, operation)
    so_far = Prepared(operation)
    if so_far.check:
        return HttpResponseRedirect(url("check", operation))
    return HttpResponseRedirect(url("columns", operation))


def progress_view(
    request: HttpRequest, model_admin: SafeAdmin, operation: Operation
) -> HttpResponse:
    """The part of the page that refreshes itself. At the end, the whole page is loaded anew."""
    work = ImportWork(operation, request.user)
    response = render(request, "admin/campaigns/operations/progress.html", {"work": work})
    if not work.refreshes and request.GET.get("state", operation.state) != operation.state:
        response["HX-Refresh"] = "true"
    return response


def discard_page(
    request: HttpRequest, model_admin: SafeAdmin, operation: Operation
) -> HttpResponse:
    """Raises NotPrepared."""
    if is_confirmed(request):
        with preparing(operation) as found:
            for check in checks_of(operation):
                end(check)
            found.operation.delete()
        say(
            request,
            gettext("“%(title)s” is discarded. Nothing was imported.") % {"title": operation.title},
        )
        return HttpResponseRedirect(_upload_url())
    question = Question(
        gettext("Discard “%(title)s”?") % {"title": operation.title},
        gettext("The file is deleted here, and nothing of it is imported."),
        gettext("Discard the file"),
    )
    with preparing(operation):
        return ask(request, model_admin, question, back_url=url("columns", operation))


def _upload_url() -> str:
    return reverse("admin:campaigns_contact_import_file")
