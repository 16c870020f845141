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
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns import wording
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

NOT_LAUNCHED = (TaskStatus.DRAFT, TaskStatus.SCHEDULED, TaskStatus.QUEUED)
"""A contact that is chosen for such a task is not deleted."""


class Action(models.TextChoices):
    ADD_TAGS = "add_tags", _("Add tags")
    REMOVE_TAGS = "remove_tags", _("Remove tags")
    SET_CONSENT = "set_consent", _("Set consent")
    DELETE = "delete", _("Delete")
    UNDO = "undo", _("Undo")


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
    return _ask(
        contacts,
        action,
        {"tags": sorted(keys)},
        gettext("%(action)s: %(names)s") % {"action": action.label, "names": names},
        asker,
    )


def consent(contacts: QuerySet[Contact], wanted: Consent, asker: User) -> Operation:
    title = gettext("Consent: %(consent)s, %(source)s") % {
        "consent": wanted.consent.label.lower(),
        "source": wanted.source,
    }
    return _ask(contacts, Action.SET_CONSENT, asdict(wanted), title, asker)


def deletion(contacts: QuerySet[Contact], asker: User) -> Operation:
    return _ask(contacts, Action.DELETE, {}, gettext("Delete"), asker)


def why_not_undone(operation: Operation) -> str:
    """Why a change cannot be undone, for staff; "" when it can."""
    if operation.kind != OperationKind.CHANGE_CONTACTS:
        return gettext("This is no change of contacts.")
    if operation.params.get("action") not in UNDONE:
        return gettext("This cannot be undone.")
    if operation.undone_at is not None:
        return gettext("It was undone already.")
    if operation.state not in ENDED_STATES:
        return gettext("It has not ended yet. Cancel it first, or wait.")
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
            gettext("Undo of “%(title)s”") % {"title": locked.title},
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
        raise NotPossible(gettext("No contact matches any more. Nothing was changed."))
    if len(owners) > 1:
        raise NotPossible(gettext("The contacts have several owners. Filter by one of them first."))
    with transaction.atomic():
        operation = _prepare(owners[0], {"action": action, **params}, title, asker)
        _choose(operation, contacts.order_by().values("pk"))
        operation.title = _with_number(title, operation.total or 0)
        operation.save(update_fields=["title"])
        running.start(operation)
    return operation


def _with_number(title: str, number: int) -> str:
    text = gettext("%(title)s (%(contacts)s)")
    return (text % {"title": title, "contacts": wording.contacts(number)})[:300]


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
