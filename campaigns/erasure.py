"""Erase an address from contacts, suppressions and SubTasks."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import QuerySet

from campaigns import erased_keys, suppressions
from campaigns.models import Contact, SubTask, Suppression, Task
from campaigns.models.contacts import SuppressionReason


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
    Contact.objects.filter(pk__in=ids).delete()
    return len(ids)


def forget_suppression(address: str) -> None:
    """The hash stays."""
    Suppression.objects.filter(email=address).delete()


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
