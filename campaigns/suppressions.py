"""The suppression list: which addresses it blocks, writing to it, and taking off again.

An address is blocked by an entry of its own, by one of its whole domain (what follows its last @),
or by its hash when it was erased. The hash cannot be computed in SQL, as the database must not know
the key: `suppressed` looks at all three, the querysets and `DOMAIN_SQL` at the first two.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from django.db import connection
from django.db.models import Exists, Func, Model, OuterRef, Q, QuerySet, TextField

from campaigns import erased_keys
from campaigns.models import Suppression
from campaigns.models.contacts import SuppressionReason

AnyModel = TypeVar("AnyModel", bound=Model)

MOST_IN_MEMORY = 50_000
"""Of the hashes of erased addresses, about 7 MB."""

DOMAIN_SQL = "'@' || split_part({address}, '@', -1)"
"""`domain_of` in SQL, of an expression that is an address."""

LISTED_SQL = """
SELECT email FROM campaigns_suppression
WHERE email = ANY (ARRAY(SELECT json_array_elements_text(%s)))
"""

# Sorted, so that concurrent writers wait for each other instead of deadlocking. A worse reason
# replaces "unsubscribed": the recipient cannot subscribe again. The update of a row to itself is
# what makes it return its key.
SUPPRESS_SQL = """
INSERT INTO campaigns_suppression AS s (email, reason, source)
SELECT DISTINCT ON (v.email) v.email, v.reason, left(v.source, 200)
FROM unnest(%s::text[], %s::text[], %s::text[]) AS v(email, reason, source)
ORDER BY v.email, v.reason = 'unsubscribed'
ON CONFLICT (email) DO UPDATE SET
    reason = CASE WHEN s.reason = 'unsubscribed' THEN excluded.reason ELSE s.reason END,
    source = CASE WHEN s.reason = 'unsubscribed' AND excluded.reason <> 'unsubscribed'
                  THEN excluded.source ELSE s.source END
RETURNING s.email, s.id
"""
WORSENED_SQL = """
ON CONFLICT (email) DO UPDATE SET reason = excluded.reason, source = excluded.source
WHERE s.reason = 'unsubscribed' AND excluded.reason <> 'unsubscribed'
"""
"""The end of an insert of many (`AS s`), which does with entries that are there what `suppress`
does, and returns none that stays as it is."""


def suppressed(addresses: Collection[str]) -> set[str]:
    """Those that must not be mailed: on the list themselves, by their domain, or as erased ones.
    Uses the unique index of the list.
    """
    names: dict[str, list[str]] = {}
    for address in addresses:
        for name in (address, domain_of(address), *erased_keys.possible_keys(address)):
            names.setdefault(name, []).append(address)
    return {address for name in _listed(names) for address in names[name]}


def entries_of(address: str) -> QuerySet[Suppression]:
    """The entries that block one address in its stored spelling."""
    names = (address, domain_of(address), *erased_keys.possible_keys(address))
    entries: QuerySet[Suppression] = Suppression.objects.filter(email__in=names)
    return entries


def entries_for(column: str) -> QuerySet[Suppression]:
    """For Exists(): the entries that block the address in a column of the outer query, as far as
    SQL can know.
    """
    address = OuterRef(column)
    entries: QuerySet[Suppression] = Suppression.objects.filter(
        email__in=[address, _DomainOf(address)]
    )
    return entries


def listed_by(column: str) -> Q:
    """Whether the address in a column, or its domain, is on the list, as far as SQL can know. In
    two conditions, each of which PostgreSQL can join by its hash.
    """
    by_address, by_domain = _each_entry(column)
    return Q(by_address) | Q(by_domain)


def free_by(column: str) -> Q:
    """The opposite: PostgreSQL does not join what stands in one NOT."""
    by_address, by_domain = _each_entry(column)
    return ~Q(by_address) & ~Q(by_domain)


def _each_entry(column: str) -> tuple[Exists, Exists]:
    by_address = Suppression.objects.filter(email=OuterRef(column))
    by_domain = Suppression.objects.filter(email=_DomainOf(OuterRef(column)))
    return Exists(by_address), Exists(by_domain)


def not_suppressed(rows: QuerySet[AnyModel], column: str) -> QuerySet[AnyModel]:
    """Those whose address in this column may be mailed, as far as SQL can know."""
    return rows.filter(free_by(column))


class _DomainOf(Func):
    template = DOMAIN_SQL.format(address="%(expressions)s")
    output_field = TextField()


def listed(names: Iterable[str]) -> set[str]:
    """Those of these addresses or domains that are themselves on the list."""
    return set(_listed(names))


def erased_among(addresses: Iterable[str]) -> set[str]:
    """Those that were erased. Costs a look at an index, and nothing else while none ever was."""
    if not Suppression.objects.erased().exists():
        return set()
    by_key = erased_keys.by_key(addresses)
    return {by_key[key] for key in _listed(by_key)}


class ErasedList:
    """Who was erased, for as many addresses as there are contacts: where it is short, the list is
    read once and compared here."""

    def __init__(self) -> None:
        keys = Suppression.objects.erased().values_list("email", flat=True)
        self._keys = frozenset(keys[: MOST_IN_MEMORY + 1])

    def __bool__(self) -> bool:
        return bool(self._keys)

    def among(self, addresses: Sequence[str]) -> set[str]:
        if len(self._keys) > MOST_IN_MEMORY:
            return erased_among(addresses)
        return erased_keys.found_in(addresses, self._keys)


def domain_of(address: str) -> str:
    """The suppression entry for the whole domain of an address."""
    return "@" + address.rpartition("@")[2]


def _listed(names: Iterable[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(LISTED_SQL, [json.dumps(list(names), ensure_ascii=False)])
        return [email for (email,) in cursor.fetchall()]


def suppress(rows: Iterable[tuple[str, SuppressionReason, str]]) -> dict[str, int]:
    """Suppress addresses, each with a reason and a source. Returns the key of each one's row.

    Idempotent: an address that is on the list keeps its row, and its reason unless that was only
    that it unsubscribed. A placeholder is no address; its whole domain is on the list.
    """
    rows = [row for row in rows if not erased_keys.is_placeholder(row[0])]
    if not rows:
        return {}
    emails, reasons, sources = zip(*rows, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(SUPPRESS_SQL, [list(emails), [str(r) for r in reasons], list(sources)])
        return dict(cursor.fetchall())


def suppress_new(rows: Iterable[tuple[str, SuppressionReason, str]]) -> None:
    """As `suppress`, but for what is on the list: that stays as it is, and is not locked."""
    entries = [Suppression(email=e, reason=r, source=source[:200]) for e, r, source in rows]
    Suppression.objects.bulk_create(entries, ignore_conflicts=True)


def lift(email: str) -> int | None:
    """Remove an address from the list whose recipient unsubscribed and now subscribes again.

    Returns the key that its row had; None when it was not on the list, or for another reason, which
    only staff can lift.
    """
    found = Suppression.objects.filter(email=email, reason=SuppressionReason.UNSUBSCRIBED)
    row = found.select_for_update().first()
    if row is None:
        return None
    key: int = row.pk
    row.delete()
    return key
