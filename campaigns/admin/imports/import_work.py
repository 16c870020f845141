"""An import under way, as its page shows it: beside what every operation has, its own addresses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext

from campaigns.admin.imports.steps import url
from campaigns.admin.operations.results import Told, tells
from campaigns.admin.operations.work import Download, Work, may_cancel
from campaigns.imports.writing import undo
from campaigns.models import Operation, OperationKind
from campaigns.wording import contacts, filled


class ImportWork(Work):
    """Also of a dry run, which ends with the step that began it."""

    @property
    def url(self) -> str:
        known = urlencode({"state": self.operation.state})
        return f"{url('progress', self.operation)}?{known}"

    @property
    def cancel_url(self) -> str:
        may = may_cancel(self.operation, self.user) and not is_check(self.operation)
        return url("cancel", self.operation) if may else ""

    @cached_property
    def told(self) -> Told:
        """The page says more."""
        return Told()

    @cached_property
    def files(self) -> Sequence[Download]:
        return []


def is_check(operation: Operation) -> bool:
    return bool(operation.params.get("dry_run"))


@tells(OperationKind.IMPORT)
def told_of_import(operation: Operation) -> Told:
    if is_check(operation):
        return Told([gettext("It only counts what would become of the rows.")])
    return Told(links=[(gettext("The import and its numbers"), url("import", operation))])


@tells(OperationKind.UNDO_IMPORT)
def told_of_undo(operation: Operation) -> Told:
    undone = operation.params.get("import")
    imported = Operation.objects.filter(pk=undone, owner=operation.owner_id).first()
    links = [(gettext("The import"), url("import", imported))] if imported else []
    return Told(list(_sentences(operation.result)), links)


def _sentences(result: dict[str, Any]) -> Iterator[str]:
    if "removed" in result:
        tags = result.get("tags_removed", 0)
        yield gettext("%(contacts)s removed, %(tags)s removed.") % {
            "contacts": contacts(result["removed"]),
            "tags": filled(ngettext("%(count)s tag", "%(count)s tags", tags), tags),
        }
    for why, number in result.get("left", {}).items():
        yield gettext("%(contacts)s left: they %(why)s.") % {
            "contacts": contacts(number),
            "why": undo.LEFT[why],
        }
