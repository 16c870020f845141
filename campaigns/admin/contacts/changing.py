"""Pages that change all contacts that match a list's filters and search, or the ticked ones."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from admin_kit.base import staff
from admin_kit.confirmation import Question, ask, is_confirmed, say
from admin_kit.history import log_event
from admin_kit.words.listing import asked
from campaigns.admin.contacts.change_forms import CHANGES, Change
from campaigns.admin.contacts.matching import TICKED, ChoosesAllMatching, counted_within
from campaigns.admin.operations.results import Told, tells
from campaigns.contact_changes import asking
from campaigns.contact_changes.asking import Action
from campaigns.models import Contact, Operation, OperationKind
from campaigns.wording import contacts

COUNT_SECONDS = 20
TOTAL = "total"
"""The hidden field with the number that the question named."""


class ChangesAllMatching(ChoosesAllMatching):
    actions: tuple[str, ...] = (
        "add_tags_to_ticked",
        "remove_tags_from_ticked",
        "set_consent_of_ticked",
    )

    def get_urls(self) -> list[URLPattern]:
        wrap: Any = self.admin_site.admin_view
        changes = [
            path(
                f"{change.path}/",
                wrap(partial(self.change_all_view, action=change.action)),
                name=f"campaigns_contact_{change.action}",
            )
            for change in CHANGES.values()
        ]
        undo = path("undo/<int:key>/", wrap(self.undo_view), name="campaigns_contact_undo")
        return [*changes, undo, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        query = request.GET.copy()
        for name in (PAGE_VAR, ORDER_VAR):
            query.pop(name, None)
        matching = {
            "count_url": f"{self.url('count')}?{query.urlencode()}",
            "is_narrowed": bool(query),
            "changes": self.links_for_all(request, query.urlencode()),
        }
        return super().changelist_view(request, {**(extra_context or {}), "matching": matching})

    def links_for_all(self, request: HttpRequest, query: str) -> list[tuple[str, str]]:
        """What this user may do with all that match: texts and URLs."""
        return [
            (str(change.action.label), f"{self.url(change.action)}?{query}")
            for change in CHANGES.values()
            if request.user.has_perm(change.permission)
        ]

    def change_all_view(self, request: HttpRequest, action: Action) -> HttpResponse:
        """Ask; once confirmed, have the cluster do it, unless other contacts match than were
        asked about."""
        change = CHANGES[action]
        if not request.user.has_perm(change.permission):
            raise PermissionDenied
        contacts = self.chosen(request)
        total = counted_within(contacts, COUNT_SECONDS)
        owners = list(contacts.values_list("owner", flat=True).distinct()[:2]) if total else []
        if total is None or len(owners) != 1:
            return self._ask(request, _refused(change, total))
        confirmed = is_confirmed(request)
        form = change.form(request.POST if confirmed else None, owners[0], staff(request))
        if confirmed and form.is_valid():
            if request.POST.get(TOTAL) == str(total):
                return self._begin(request, change, contacts, form)
            say(
                request,
                gettext("Meanwhile other contacts match, %(total)s now.") % {"total": f"{total:,}"},
                error=True,
            )
        question = replace(change.question(contacts, total), hidden={TOTAL: [str(total)]})
        return self._ask(request, question, form)

    def _begin(
        self, request: HttpRequest, change: Change, contacts: QuerySet[Contact], form: Any
    ) -> HttpResponse:
        try:
            with transaction.atomic():
                operation = change.do(contacts, form)
        except asking.NotPossible as error:
            say(request, str(error), error=True)
            return HttpResponseRedirect(self.url("changelist"))
        log_event(
            request, Contact, operation.title, gettext_noop("Asked for a change of contacts.")
        )
        return _to(operation)

    def undo_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Ask; once confirmed, have the cluster undo a change. Raises Http404 for one whose
        contacts the user may not see."""
        operation = _visible_change(request, key)
        if not request.user.has_perm("campaigns.change_contact"):
            raise PermissionDenied
        if refused := asking.why_not_undone(operation):
            say(request, refused, error=True)
            return _to(operation)
        if not is_confirmed(request):
            changed = operation.result.get("changed", 0)
            question = Question(
                gettext("Undo “%(title)s”?") % {"title": operation.title},
                gettext(
                    "It changed %(contacts)s. Those that were changed again since stay as they are."
                )
                % {"contacts": contacts(changed)},
                gettext("Undo"),
            )
            return self._ask(request, question)
        try:
            undoing = asking.undo(operation, staff(request))
        except asking.NotPossible as error:
            say(request, str(error), error=True)
            return _to(operation)
        log_event(
            request,
            Contact,
            undoing.title,
            gettext_noop("Asked for the undo of a change of contacts."),
        )
        return _to(undoing)

    def _ask(self, request: HttpRequest, question: Question, form: Any = None) -> HttpResponse:
        return ask(request, self, question, form=form, back_url=self.url("changelist"))

    @admin.action(description=_("Add tags…"), permissions=["change"])
    def add_tags_to_ticked(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        return self._ticked(Action.ADD_TAGS, queryset)

    @admin.action(description=_("Remove tags…"), permissions=["change"])
    def remove_tags_from_ticked(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse:
        return self._ticked(Action.REMOVE_TAGS, queryset)

    @admin.action(description=_("Set consent…"), permissions=["change"])
    def set_consent_of_ticked(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        return self._ticked(Action.SET_CONSENT, queryset)

    def _ticked(self, action: Action, contacts: QuerySet[Any]) -> HttpResponse:
        """To the question about them."""
        keys = ",".join(str(key) for key in contacts.order_by("pk").values_list("pk", flat=True))
        return HttpResponseRedirect(f"{self.url(action)}?{urlencode({TICKED: keys})}")


def _refused(change: Change, total: int | None) -> Question:
    """Why nothing can be changed."""
    if total is None:
        problem = gettext(
            "To count the contacts takes too long just now. Filter more, or try again later."
        )
    elif total == 0:
        problem = gettext("No contact matches.")
    else:
        problem = gettext("These contacts have several owners. Filter by one owner first.")
    return Question(asked(change.action.label), "", str(change.action.label), problems=[problem])


def _visible_change(request: HttpRequest, key: int) -> Operation:
    """Raises Http404."""
    changes = Operation.objects.filter(kind=OperationKind.CHANGE_CONTACTS)
    operation: Operation = get_object_or_404(changes.visible_to(request.user), pk=key)
    return operation


def _to(operation: Operation) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:campaigns_operation_change", args=[operation.pk]))


@tells(OperationKind.CHANGE_CONTACTS)
def tell(operation: Operation) -> Told:
    """What a change did so far, and the link to its undo."""
    changed = operation.result.get("changed", 0)
    left = operation.done - changed
    action = operation.params.get("action")
    sentences = [str(_SAID[Action(action)]) % {"changed": contacts(changed)}]
    if in_use := operation.result.get("in_use", 0):
        sentences.append(
            gettext("Chosen for a campaign that was not launched, and not deleted: %(in_use)s.")
            % {"in_use": f"{in_use:,}"}
        )
    if rest := left - in_use:
        sentences.append(
            gettext("Nothing to change, or gone meanwhile: %(rest)s.") % {"rest": f"{rest:,}"}
        )
    if action == Action.DELETE:
        sentences.append(gettext("A deletion cannot be undone."))
    if operation.undone_at is not None:
        sentences.append(gettext("Its undo was asked for."))
    can = not asking.why_not_undone(operation) and changed
    undo = reverse("admin:campaigns_contact_undo", args=[operation.pk])
    return Told(sentences, [(gettext("Undo"), undo)] if can else [])


_SAID = {
    Action.ADD_TAGS: _("Got a tag: %(changed)s."),
    Action.REMOVE_TAGS: _("Lost a tag: %(changed)s."),
    Action.SET_CONSENT: _("Consent set: %(changed)s."),
    Action.DELETE: _("Deleted: %(changed)s."),
    Action.UNDO: _("As before the change again: %(changed)s."),
}
