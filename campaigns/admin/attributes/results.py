"""How the result of a change of an attribute is told."""

from __future__ import annotations

from campaigns.admin.operations.results import Told, tells
from campaigns.attributes.change import Change
from campaigns.attributes.values import show
from campaigns.models import Contact, Operation, OperationKind
from campaigns.wording import counted

WHY_KEPT = {
    Change.TYPE: "has a value that is none of the type; it stays as it was.",
    Change.RENAME: "has a value of the new name already, and keeps both.",
}
SHOWN = 100
"""Characters of a value."""


@tells(OperationKind.CONVERT_ATTRIBUTE)
def tell(operation: Operation) -> Told:
    result, key = operation.result, operation.params["key"]
    if not result:
        return Told()
    sentences = [f"{counted(result['changed'], 'contact')} changed."]
    why = WHY_KEPT.get(operation.params["change"])
    if not result["kept"] or why is None:
        return Told(sentences)
    sentences.append(_kept(result["kept"], why))
    ids = result["kept_ids"]
    if result["kept"] > len(ids):
        sentences.append(f"The first {len(ids):,}:")
    kept = Contact.objects.filter(owner=operation.owner_id, pk__in=ids).order_by("pk")
    rows = [[str(contact), show(contact.attributes.get(key))[:SHOWN]] for contact in kept]
    return Told(sentences, headers=["Contact", "Value"], rows=rows)


def _kept(number: int, why: str) -> str:
    if number == 1:
        return f"1 contact {why}"
    return f"{number:,} contacts {why.replace('has a', 'have a').replace('keeps', 'keep')}"
