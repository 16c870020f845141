"""How the result of a change of an attribute is told."""

from __future__ import annotations

from django.utils.translation import gettext, ngettext_lazy

from campaigns.admin.operations.results import Told, tells
from campaigns.attributes.change import Change
from campaigns.attributes.values import show
from campaigns.models import Contact, Operation, OperationKind
from campaigns.wording import contacts

WHY_KEPT = {
    Change.TYPE: ngettext_lazy(
        "%(count)s contact has a value that is none of the type; it stays as it was.",
        "%(count)s contacts have a value that is none of the type; it stays as it was.",
        "number",
    ),
    Change.RENAME: ngettext_lazy(
        "%(count)s contact has a value of the new name already, and keeps both.",
        "%(count)s contacts have a value of the new name already, and keep both.",
        "number",
    ),
}
SHOWN = 100
"""Characters of a value."""


@tells(OperationKind.CONVERT_ATTRIBUTE)
def tell(operation: Operation) -> Told:
    result, key = operation.result, operation.params["key"]
    if not result:
        return Told()
    sentences = [gettext("%(contacts)s changed.") % {"contacts": contacts(result["changed"])}]
    why = WHY_KEPT.get(operation.params["change"])
    if not result["kept"] or why is None:
        return Told(sentences)
    number = result["kept"]
    sentences.append(str(why % {"number": number, "count": f"{number:,}"}))
    ids = result["kept_ids"]
    if result["kept"] > len(ids):
        sentences.append(gettext("The first %(count)s:") % {"count": f"{len(ids):,}"})
    kept = Contact.objects.filter(owner=operation.owner_id, pk__in=ids).order_by("pk")
    rows = [[str(contact), show(contact.attributes.get(key))[:SHOWN]] for contact in kept]
    return Told(sentences, headers=[gettext("Contact"), gettext("Value")], rows=rows)
