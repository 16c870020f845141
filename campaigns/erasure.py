"""Erase an address from contacts, suppressions and SubTasks."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import QuerySet, TextField, Value
from django.db.models.functions import Cast, Lower

from campaigns import erased_keys, suppressions
from campaigns.models import (
    Contact,
    Difference,
    ImportedAddress,
    ImportSaid,
    LeftOut,
    Operation,
    SubTask,
    Suppression,
    Task,
)
from campaigns.models.contacts import AddressKey, SuppressionReason


@dataclass(frozen=True, slots=True)
class Holder:
    """Rows of a higher package that hold addresses, called `name` or `plural`, which pages
    translate. An erasure deletes them in its transaction."""

    name: str
    plural: str
    export: Callable[[str], list[dict[str, Any]]]
    forget: Callable[[str], int]
    count: Callable[[str], int]


HOLDERS: list[Holder] = []
"""Higher packages put theirs in."""


def forbid(address: str) -> str:
    """Put an address on the suppression list as erased. Returns its key there."""
    key = next(iter(sorted(_keys_on_list(address))), erased_keys.key_of(address))
    reason = SuppressionReason.ERASED
    suppressions.suppress([(key, reason, ""), (erased_keys.PLACEHOLDERS, reason, "")])
    return key


def _keys_on_list(address: str) -> set[str]:
    return suppressions.listed(erased_keys.possible_keys(address))


def contacts_of(address: str) -> QuerySet[Contact]:
    """The contacts of all owners with this address. Lists owners first, for the index by owner."""
    owners = get_user_model()._default_manager.values("pk")
    contacts: QuerySet[Contact] = Contact.objects.filter(owner__in=owners, email=address)
    return contacts


def subtasks_of(address: str) -> QuerySet[SubTask]:
    """The SubTasks of all owners to this address. Lists tasks first, for the index by task."""
    return SubTask.objects.filter(task__in=Task.objects.values("pk"), recipient_email=address)


def forget_contacts(address: str) -> int:
    """Returns how many there were."""
    ids = list(contacts_of(address).values_list("pk", flat=True))
    _forget_in_imports(address)
    Contact.objects.filter(pk__in=ids).delete()
    return len(ids)


def _forget_in_imports(address: str) -> None:
    """Their files are deleted after a time; the problems listed in their results stay."""
    ImportedAddress.objects.filter(address_key=AddressKey(Value(address))).delete()
    ImportSaid.objects.filter(email=address).delete()
    found = Operation.objects.annotate(text=Lower(Cast("result", TextField())))
    for operation in found.filter(text__contains=address).select_for_update(of=["self"]):
        lists = operation.result.get("listed", {})
        for name, problems in lists.items():
            lists[name] = [each for each in problems if address not in str(each).lower()]
        operation.save(update_fields=["result"])


def forget_suppression(address: str) -> None:
    """The hash stays."""
    Suppression.objects.filter(email=address).delete()


def left_out_of(address: str) -> QuerySet[LeftOut]:
    """Where a launch left this address out, of all owners."""
    found: QuerySet[LeftOut] = LeftOut.objects.filter(recipient_email=address)
    return found


def differences_of(address: str) -> QuerySet[Difference]:
    """Where this address fared otherwise than promised, of all owners."""
    found: QuerySet[Difference] = Difference.objects.filter(recipient_email=address)
    return found


# Counts depend on the rows. The key of an address can be found by guessing addresses.
LEFT_OUT_SQL = """
UPDATE campaigns_leftout SET recipient_email = 'erased-left-out-' || id || %s
WHERE recipient_email = %s
"""
PROMISED_SQL = """
UPDATE campaigns_promisedcontacts p SET address_keys = array_replace(p.address_keys, k.key, 0)
FROM (SELECT ('x' || left(md5(%s), 16))::bit(64)::bigint AS key) AS k
WHERE k.key = ANY(p.address_keys)
"""


def forget_counted(address: str) -> None:
    """Remove the address from what was promised and left out."""
    with connection.cursor() as cursor:
        cursor.execute(LEFT_OUT_SQL, [erased_keys.PLACEHOLDERS, address])
        cursor.execute(PROMISED_SQL, [address])
    differences_of(address).update(recipient_email="")


# A sent message stays as an anonymous SubTask of its task: counts and proofs depend on it.
ANONYMISE_SQL = """
UPDATE campaigns_subtask
SET recipient_email = 'erased-' || id || %s, variables = '{}', error = ''
WHERE id = ANY(%s)
"""


def anonymise(subtask_ids: Collection[int]) -> None:
    """Remove the recipient from locked SubTasks, in any state."""
    with connection.cursor() as cursor:
        cursor.execute(ANONYMISE_SQL, [erased_keys.PLACEHOLDERS, list(subtask_ids)])
