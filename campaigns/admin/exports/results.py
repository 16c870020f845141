"""How the result of an export is told."""

from __future__ import annotations

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaigns import wording
from campaigns.admin.operations.results import Told, tells
from campaigns.admin.operations.work import kept_files
from campaigns.exports.tables import SUBJECTS
from campaigns.exports.xlsx_file import MOST_CHARACTERS
from campaigns.models import Operation, OperationKind, OperationState

EXPIRED = _("The file has expired: export again.")

COUNTED = {"contact": wording.contacts, "message": wording.messages}


@tells(OperationKind.EXPORT)
def tell(operation: Operation) -> Told:
    if operation.state != OperationState.DONE:
        return Told()
    if not kept_files(operation).exists():
        return Told([str(EXPIRED)])
    rows, cut = operation.result.get("rows", 0), operation.result.get("cut", 0)
    sentences = [gettext("The file has %(rows)s.") % {"rows": wording.rows(rows)}]
    if left := (operation.total or 0) - rows:
        noun = SUBJECTS[operation.params["subject"]].noun
        sentences += _left(left, noun) if operation.params["subject"] != "events" else []
    if cut:
        sentences.append(
            ngettext(
                "%(cut)s text had more than %(most)s characters, the most a cell may have, and "
                "was cut. A CSV has it whole.",
                "%(cut)s texts had more than %(most)s characters, the most a cell may have, and "
                "were cut. A CSV has them whole.",
                cut,
            )
            % {"cut": f"{cut:,}", "most": f"{MOST_CHARACTERS:,}"}
        )
    return Told(sentences)


def _left(left: int, noun: str) -> list[str]:
    return (
        [
            gettext("%(counted)s had been deleted before their turn came.")
            % {"counted": COUNTED.get(noun, wording.rows)(left)}
        ]
        if left > 0
        else []
    )
