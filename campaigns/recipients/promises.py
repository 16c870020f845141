"""What a person is shown before a launch, kept by identity until the launch has compared it."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from campaigns.db.keys import is_key
from campaigns.models import Contact, Promise, PromisedContacts, Task
from campaigns.recipients import counting, decision
from campaigns.recipients.counting import Counts, counts_of

KEPT = 5
"""Of a task, so many that were shown and not confirmed: pages in several tabs."""

# Thousands of contacts a row. Both arrays of a group are in the order in which its rows come.
KEEP_SQL = """
INSERT INTO campaigns_promisedcontacts
    (promise_id, reason, first_id, last_id, contact_ids, address_keys)
SELECT %(promise)s, reason, min(id), max(id), array_agg(id), array_agg(key)
FROM (SELECT id, reason, CASE WHEN address = email THEN address_key
                              ELSE ('x' || left(md5(address), 16))::bit(64)::bigint END AS key
      FROM (DECIDED) AS decided) AS keyed
GROUP BY reason, id / 20000
RETURNING reason, cardinality(contact_ids)
"""


def show(task: Task, user: AbstractBaseUser | AnonymousUser | None) -> Promise:
    """Count what a launch now would do, and keep it by identity. Reads all candidates."""
    with transaction.atomic():
        old = Promise.objects.filter(task=task, confirmed_at=None).order_by("-pk")
        Promise.objects.filter(pk__in=list(old.values_list("pk", flat=True)[KEPT - 1 :])).delete()
        promise: Promise = Promise.objects.create(task=task, shown_to_id=user.pk if user else None)
        counting.use_memory()
        decided = decision.decide(task, columns=["address_key"])
        counts: dict[str, int] = {}
        for reason, number in decision.rows(KEEP_SQL, decided, promise=promise.pk):
            counts[reason] = counts.get(reason, 0) + number
        promise.counts = counts
        promise.save(update_fields=["counts"])
    return promise


def numbers(promise: Promise) -> Counts:
    return counts_of(promise.counts)


def shown(task: Task, user: AbstractBaseUser | AnonymousUser, key: str) -> Promise:
    """The promise of this key that was shown to this user; a new one when there is none."""
    mine = Promise.objects.filter(task=task, shown_to=user.pk, confirmed_at=None)
    found = mine.filter(pk=key).first() if is_key(key) else None
    return found or show(task, user)


LISTED_SQL = """
SELECT c.id FROM campaigns_promisedcontacts p, unnest(p.contact_ids) AS c(id)
WHERE p.promise_id = %s AND p.reason = %s AND p.last_id > %s AND c.id > %s
ORDER BY c.id LIMIT %s
"""


def listed(promise: Promise, reason: str, after: int, most: int) -> list[int]:
    """The keys of the first contacts above `after` that were promised a reason."""
    with connection.cursor() as cursor:
        cursor.execute(LISTED_SQL, [promise.pk, reason, after, after, most])
        return [key for (key,) in cursor.fetchall()]


def recipients(promise: Promise) -> QuerySet[Contact]:
    """The contacts that are promised a message, as far as they still exist."""
    sql = (
        "SELECT unnest(contact_ids) FROM campaigns_promisedcontacts "
        "WHERE promise_id = %s AND reason = %s"
    )
    return Contact.objects.filter(pk__in=RawSQL(sql, [promise.pk, decision.SENT]))


def confirm(promise: Promise) -> None:
    """It holds from now on, and no other of its task. Call it in the transaction that launches or
    schedules the task."""
    Promise.objects.filter(task=promise.task_id).exclude(pk=promise.pk).delete()
    Promise.objects.filter(pk=promise.pk).update(confirmed_at=Now())


def confirmed(task: Task) -> Promise | None:
    found: Promise | None = Promise.objects.filter(task=task, confirmed_at__isnull=False).first()
    return found


def newest_contact(promise: Promise) -> int:
    """Its highest key of a contact, which may be deleted by now."""
    last: int | None = promise.contacts.aggregate(last=Max("last_id"))["last"]
    return last or 0


def void(task: Task) -> None:
    Promise.objects.filter(task=task).delete()


def is_compared(task: Task) -> None:
    """Every contact has been compared: the numbers are kept."""
    PromisedContacts.objects.filter(promise__task=task).delete()
    Promise.objects.filter(task=task, confirmed_at=None).delete()
