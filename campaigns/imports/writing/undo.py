"""The undo of an import: removes what it made, and that nothing has used or changed since."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import Contact, ImportedAddress, Operation, OperationKind, SubTask, Tag, Task
from campaigns.operations import progress
from campaigns.operations.kinds import OperationProblem
from campaigns.segments import uses

CONTACTS = 5_000
"""Contacts of a piece."""
LEFT = {
    "mailed": _("were mailed, or are to be"),
    "chosen": _("were chosen in a campaign"),
    "imported": _("came in by another import, too"),
    "changed": _("were changed since"),
    "tagged": _("were given tags since"),
}
"""Why a contact is left: the first that holds. That a tag was taken off is no reason: no one would
miss what is left of the contact."""

# Uses the index of contacts by their import, the unique one of SubTasks by task and recipient for
# each task that was launched since, and the unique one of the links to tags.
LOOK = """
SELECT contact.id, CASE
    WHEN EXISTS (
        SELECT FROM {task} AS task, LATERAL (
            SELECT FROM {subtask} AS s
            WHERE s.task_id = task.id AND s.recipient_email = contact.email OFFSET 0
        ) AS message
        WHERE task.owner_id = %(owner)s AND task.launched_at >= %(began)s
    ) THEN 'mailed'
    WHEN EXISTS (SELECT FROM {chosen} AS c WHERE c.contact_id = contact.id) THEN 'chosen'
    WHEN EXISTS (
        SELECT FROM {mark} AS m JOIN {operation} AS o ON o.id = m.operation_id
        WHERE m.address_key = contact.address_key AND m.operation_id <> %(import)s
          AND o.owner_id = %(owner)s AND o.undone_at IS NULL
          AND NOT coalesce((o.params ->> 'dry_run')::boolean, false)
    ) THEN 'imported'
    WHEN contact.changed_at <> contact.created_at AND NOT EXISTS (
        SELECT FROM {mark} AS m
        WHERE m.operation_id = %(import)s AND m.address_key = contact.address_key
          AND m.changed_at = contact.changed_at
    ) THEN 'changed'
    WHEN EXISTS (
        SELECT FROM {contact_tags} AS t
        WHERE t.contact_id = contact.id AND t.id > %(links_until)s
    ) THEN 'tagged'
    ELSE '' END AS reason
FROM {contact} AS contact
WHERE contact.imported_by_id = %(import)s AND contact.id > %(after)s
ORDER BY contact.id
"""
PIECE = LOOK + "LIMIT %(most)s FOR UPDATE OF contact"
COUNT = f"SELECT reason, count(*) FROM ({LOOK}) AS looked GROUP BY reason"


def preview(imported: Operation) -> dict[str, Any]:
    """What an undo of an import would do now: `removed` contacts, and those `left` by reason."""
    with connection.cursor() as cursor:
        cursor.execute(_named(COUNT), _params(imported, 0))
        found = dict(cursor.fetchall())
    return {"removed": found.pop("", 0), "left": found}


def step(operation: Operation) -> bool:
    """Remove the next contacts; the last step removes the tags. Raises OperationProblem."""
    imported = _import_of(operation)
    with transaction.atomic():
        after = operation.position.get("after", 0)
        if not operation.result:
            operation.result = {"removed": 0, "left": {}, "tags_removed": 0, "tags_left": 0}
            operation.total = imported.result.get("created")
        is_more = _remove_contacts(operation, imported, after)
        if not is_more:
            _remove_tags(operation, imported)
            operation.total = operation.done
            Operation.objects.filter(pk=imported.pk).update(undone_at=Now())
        progress.save(operation)
    return is_more


def _import_of(operation: Operation) -> Operation:
    found: Operation | None = Operation.objects.filter(
        pk=operation.params["import"], owner=operation.owner_id, kind=OperationKind.IMPORT
    ).first()
    if found is None:
        raise OperationProblem(gettext("The import is not there any more. Nothing was removed."))
    if found.is_open:
        raise OperationProblem(gettext("The import is still under way. Cancel it, then undo it."))
    return found


def _remove_contacts(operation: Operation, imported: Operation, after: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_named(PIECE), _params(imported, after) | {"most": CONTACTS})
        found = cursor.fetchall()
    Contact.objects.filter(pk__in=[pk for pk, reason in found if not reason]).delete()
    counts = Counter(reason for _, reason in found)
    left = Counter(operation.result["left"])
    operation.result["removed"] += counts.pop("", 0)
    operation.result["left"] = dict(left + counts)
    operation.done += len(found)
    if found:
        operation.position = {"after": found[-1][0]}
    return len(found) == CONTACTS


def _remove_tags(operation: Operation, imported: Operation) -> None:
    """Those that the import made, that are on no contact, and that nothing else names."""
    made = Tag.objects.filter(
        owner=imported.owner_id, pk__in=imported.result.get("tags_created", [])
    )
    links = Contact.tags.through.objects.filter(tag_id=OuterRef("pk"))
    included = Task.include_tags.through.objects.filter(tag_id=OuterRef("pk"))
    excluded = Task.exclude_tags.through.objects.filter(tag_id=OuterRef("pk"))
    unused = made.filter(
        ~Exists(links), ~Exists(included), ~Exists(excluded), children=None, is_public=False
    )
    removable = [tag.pk for tag in unused if not uses.segments_using(tag)]
    Tag.objects.filter(pk__in=removable).delete()
    operation.result["tags_removed"] = len(removable)
    operation.result["tags_left"] = made.count()


def _params(imported: Operation, after: int) -> dict[str, Any]:
    return {
        "import": imported.pk,
        "owner": imported.owner_id,
        "began": imported.created_at,
        "links_until": imported.result.get("links_until", 0),
        "after": after,
    }


def _named(statement: str) -> str:
    quote = connection.ops.quote_name
    return statement.format(
        contact=quote(Contact._meta.db_table),
        contact_tags=quote(Contact.tags.through._meta.db_table),
        chosen=quote(Task.contacts.through._meta.db_table),
        task=quote(Task._meta.db_table),
        subtask=quote(SubTask._meta.db_table),
        mark=quote(ImportedAddress._meta.db_table),
        operation=quote(Operation._meta.db_table),
    )
