"""How the result of an export is told."""

from __future__ import annotations

from campaigns.admin.operations.results import Told, tells
from campaigns.admin.operations.work import kept_files
from campaigns.exports.tables import SUBJECTS
from campaigns.exports.xlsx_file import MOST_CHARACTERS
from campaigns.models import Operation, OperationKind, OperationState
from campaigns.wording import counted

EXPIRED = "The file has expired: export again."


@tells(OperationKind.EXPORT)
def tell(operation: Operation) -> Told:
    if operation.state != OperationState.DONE:
        return Told()
    if not kept_files(operation).exists():
        return Told([EXPIRED])
    rows, cut = operation.result.get("rows", 0), operation.result.get("cut", 0)
    sentences = [f"The file has {counted(rows, 'row')}."]
    if left := (operation.total or 0) - rows:
        noun = SUBJECTS[operation.params["subject"]].noun
        sentences += _left(left, noun) if operation.params["subject"] != "events" else []
    if cut:
        sentences.append(
            f"{counted(cut, 'text')} had more than {MOST_CHARACTERS:,} characters, the most a cell "
            "may have, and were cut. A CSV has them whole."
        )
    return Told(sentences)


def _left(left: int, noun: str) -> list[str]:
    return [f"{counted(left, noun)} had been deleted before their turn came."] if left > 0 else []
