"""Change an attribute of all contacts in the cluster: its type, its name, or delete it.

Each piece is PIECE contacts of the owner, in the order of their keys, committed with how far it is.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F, Func, JSONField, QuerySet, Value
from django.utils.translation import gettext_lazy as _

from campaigns.attributes.values import Unfit, convert, fits
from campaigns.models import Attribute, Contact, Operation, OperationKind
from campaigns.models.operation import OPEN_STATES
from campaigns.operations import progress, running
from campaigns.operations.kinds import OperationProblem

PIECE = 5_000
MOST_LISTED = 200
"""The most contacts named in the result whose value stays as it is."""
GONE = _("The attribute was deleted meanwhile. What was changed until then stays changed.")

SET_SQL = """
UPDATE campaigns_contact AS c SET attributes = (c.attributes - %s) || CASE
    WHEN changed.value IS NULL THEN '{}' ELSE jsonb_build_object(%s::text, changed.value::jsonb) END
FROM unnest(%s::bigint[], %s::text[]) AS changed(id, value)
WHERE c.id = changed.id
"""
RENAME_SQL = """
UPDATE campaigns_contact
SET attributes = (attributes - %s) || jsonb_build_object(%s::text, attributes -> %s)
WHERE id = ANY(%s)
"""
DELETE_SQL = "UPDATE campaigns_contact SET attributes = attributes - %s WHERE id = ANY(%s)"


Contacts = QuerySet[Contact]


class Change(StrEnum):
    TYPE = "type"
    RENAME = "rename"
    DELETE = "delete"


def start(
    attribute: Attribute, user: User, change: Change, title: str, **params: object
) -> Operation:
    """Have a worker do it. `params` are `kind` and `choices` for a type, `to` for a name."""
    operation = Operation.objects.create(
        owner_id=attribute.owner_id,
        requested_by=user,
        kind=OperationKind.CONVERT_ATTRIBUTE,
        title=title[:300],
        params={"attribute": attribute.pk, "change": change, "key": attribute.key, **params},
    )
    running.start(operation)
    return operation


def open_changes(attribute: Attribute) -> QuerySet[Operation]:
    changes: QuerySet[Operation] = Operation.objects.filter(
        kind=OperationKind.CONVERT_ATTRIBUTE,
        state__in=OPEN_STATES,
        params__attribute=attribute.pk,
    )
    return changes


def step(operation: Operation) -> bool:
    with transaction.atomic():
        rows = Attribute.objects.select_for_update(no_key=True)
        attribute = rows.filter(pk=operation.params["attribute"]).first()
        if attribute is None:
            raise OperationProblem(str(GONE))
        if operation.total is None:
            _begin(operation, attribute)
        is_more = _change_piece(operation)
        if not is_more and operation.params["change"] == Change.DELETE:
            attribute.delete()
        progress.save(operation)
    return is_more


def _begin(operation: Operation, attribute: Attribute) -> None:
    """The new type or name holds from now on: for forms, segments, and files that come in."""
    params = operation.params
    operation.total = Contact.objects.filter(owner=operation.owner_id).count()
    operation.result = {"changed": 0, "kept": 0, "kept_ids": []}
    if params["change"] == Change.TYPE:
        attribute.kind, attribute.choices = params["kind"], params["choices"]
    elif params["change"] == Change.RENAME:
        attribute.key = params["to"]
    attribute.save()


def _change_piece(operation: Operation) -> bool:
    change = {Change.TYPE: _to_type, Change.RENAME: _rename, Change.DELETE: _delete}
    own = Contact.objects.filter(owner=operation.owner_id, pk__gt=operation.position.get("last", 0))
    ids = list(own.order_by("pk").values_list("pk", flat=True)[:PIECE])
    having = Contact.objects.filter(pk__in=ids, attributes__has_key=operation.params["key"])
    locked = having.order_by("pk").select_for_update(no_key=True)
    changed, kept = change[operation.params["change"]](locked, operation.params)
    _count(operation, changed, kept)
    operation.done += len(ids)
    operation.position = {"last": ids[-1]} if ids else operation.position
    return len(ids) == PIECE


def _to_type(contacts: Contacts, params: dict[str, Any]) -> tuple[int, list[int]]:
    """How many were changed, and the keys of those that keep their value. Other attributes are not
    read: they stay to the last digit."""
    key, kind, choices = params["key"], params["kind"], params["choices"]
    changed: dict[int, str | None] = {}
    kept: list[int] = []
    for pk, value in contacts.annotate(value=_value_of(key)).values_list("pk", "value"):
        try:
            new = None if value is None else convert(kind, value, choices)
        except Unfit:
            kept.append(pk)
            continue
        if new is None or not fits(kind, value, choices):
            changed[pk] = None if new is None else json.dumps(new, ensure_ascii=False)
    _execute(SET_SQL, key, key, list(changed), list(changed.values()))
    return len(changed), kept


def _rename(contacts: Contacts, params: dict[str, Any]) -> tuple[int, list[int]]:
    key, to = params["key"], params["to"]
    ids = list(contacts.values_list("pk", flat=True))
    both = Contact.objects.filter(pk__in=ids, attributes__has_key=to)
    kept = list(both.order_by("pk").values_list("pk", flat=True))
    changed = sorted(set(ids) - set(kept))
    _execute(RENAME_SQL, key, to, key, changed)
    return len(changed), kept


def _delete(contacts: Contacts, params: dict[str, Any]) -> tuple[int, list[int]]:
    ids = list(contacts.values_list("pk", flat=True))
    _execute(DELETE_SQL, params["key"], ids)
    return len(ids), []


def _value_of(key: str) -> Func:
    return Func(
        F("attributes"),
        Value(key),
        template="(%(expressions)s)",
        arg_joiner=" -> ",
        output_field=JSONField(),
    )


def _execute(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def _count(operation: Operation, changed: int, kept: list[int]) -> None:
    result = operation.result
    operation.result = {
        "changed": result["changed"] + changed,
        "kept": result["kept"] + len(kept),
        "kept_ids": [*result["kept_ids"], *kept][:MOST_LISTED],
    }
