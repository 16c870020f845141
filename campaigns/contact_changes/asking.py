"""Ask for a change: which contacts it is about is fixed here, by their keys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, models, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from campaigns.models import (
    ChangedContact,
    Contact,
    MailConsent,
    Operation,
    OperationKind,
    TaskStatus,
)
from campaigns.models.operation import ENDED_STATES
from campaigns.operations import running
from campaigns.wording import counted

NOT_LAUNCHED = (TaskStatus.DRAFT, TaskStatus.SCHEDULED, TaskStatus.QUEUED)
"""A contact that is chosen for such a task is not deleted."""


class Action(models.TextChoices):
    ADD_TAGS = "add_tags", "Add tags"
    REMOVE_TAGS = "remove_tags", "Remove tags"
    SET_CONSENT = "set_consent", "Set consent"
    DELETE = "delete", "Delete"
    UNDO = "undo", "Undo"


UNDONE = (Action.ADD_TAGS, Action.REMOVE_TAGS, Action.SET_CONSENT)
"""What an undo can take back."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What a change sets. Contacts who refused stay as they are, unless it is `for_refused`."""

    consent: MailConsent
    at: dt.datetime
    source: str
    for_refused: bool


class NotPossible(Exception):
    """The message is for staff."""


def tags(
    action: Action, contacts: QuerySet[Contact], keys: Collection[int], names: str, asker: User
) -> Operation:
    """Have the cluster add tags to contacts or remove them. Contacts and tags have one owner."""
    return _ask(contacts, action, {"tags": sorted(keys)}, f"{action.label}: {names}", asker)


def consent(contacts: QuerySet[Contact], wanted: Consent, asker: User) -> Operation:
    title = f"Consent: {wanted.consent.label.lower()}, {wanted.source}"
    return _ask(contacts, Action.SET_CONSENT, asdict(wanted), title, asker)


def deletion(contacts: QuerySet[Contact], asker: User) -> Operation:
    return _ask(contacts, Action.DELETE, {}, "Delete", asker)


def why_not_undone(operation: Operation) -> str:
    """Why a change cannot be undone, for staff; "" when it can."""
    if operation.kind != OperationKind.CHANGE_CONTACTS:
        return "This is no change of contacts."
    if operation.params.get("action") not in UNDONE:
        return "This cannot be undone."
    if operation.undone_at is not None:
        return "It was undone already."
    if operation.state not in ENDED_STATES:
        return "It has not ended yet. Cancel it first, or wait."
    return ""


def undo(operation: Operation, asker: User) -> Operation:
    """Have the cluster undo a change, of the contacts that have not been changed since. Raises
    NotPossible."""
    with transaction.atomic():
        locked = Operation.objects.select_for_update(no_key=True).get(pk=operation.pk)
        if refused := why_not_undone(locked):
            raise NotPossible(refused)
        Operation.objects.filter(pk=operation.pk).update(undone_at=Now())
        undoing = _prepare(
            locked.owner_id,
            {"action": Action.UNDO, "of": locked.pk},
            f"Undo of “{locked.title}”",
            asker,
        )
        changed = ChangedContact.objects.filter(operation=locked, before__isnull=False)
        _choose(undoing, changed.values("contact_id"))
        running.start(undoing)
    return undoing


def _ask(
    contacts: QuerySet[Contact],
    action: Action,
    params: dict[str, object],
    title: str,
    asker: User,
) -> Operation:
    """Raises NotPossible for no contacts, and for those of several owners."""
    owners = list(contacts.order_by().values_list("owner", flat=True).distinct()[:2])
    if not owners:
        raise NotPossible("No contact matches any more. Nothing was changed.")
    if len(owners) > 1:
        raise NotPossible("The contacts have several owners. Filter by one of them first.")
    with transaction.atomic():
        operation = _prepare(owners[0], {"action": action, **params}, title, asker)
        _choose(operation, contacts.order_by().values("pk"))
        operation.title = f"{title} ({counted(operation.total or 0, 'contact')})"[:300]
        operation.save(update_fields=["title"])
        running.start(operation)
    return operation


def _prepare(owner_id: int, params: dict[str, object], title: str, asker: User) -> Operation:
    return Operation.objects.create(
        owner_id=owner_id,
        requested_by=asker,
        kind=OperationKind.CHANGE_CONTACTS,
        title=title[:300],
        params=params,
    )


def _choose(operation: Operation, keys: QuerySet[Any]) -> None:
    """Keep the keys: the change is about these contacts, also when others match later."""
    sql, params = keys.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO campaigns_changedcontact (operation_id, contact_id) "
            f"SELECT %s, chosen.key FROM ({sql}) AS chosen(key)",
            [operation.pk, *params],
        )
        operation.total = cursor.rowcount
    operation.save(update_fields=["total"])
