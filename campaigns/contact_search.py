"""Contacts by any part of their names and addresses.

PostgreSQL's index for this, of trigrams, is an extension that the embedded server does not have,
and keeping any such index costs an import more than the rest of it. A search reads `SearchBlock`
instead, where the names and addresses stand side by side: 50 bytes a contact.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet, Value
from django.db.models.expressions import Combinable, RawSQL
from django.db.models.functions import Lower, StrIndex
from django.db.models.lookups import GreaterThan

from access.ownership import User
from addressing.addresses import other_spellings
from campaigns.models import Contact, SearchBlock

MOST_WORDS = 10
"""Further words of a search are not looked for."""
MOST_BLOCKS = 2_000
MOST_FOUND = 5_000
KEYS_OF = f"""
SELECT (block << {SearchBlock.BITS}) + key
FROM unnest(%s::bigint[]) AS block, generate_series(0, {(1 << SearchBlock.BITS) - 1}) AS key
"""

Word = Sequence[str]
"""The spellings of a word, one of which a contact must contain."""


def search(contacts: QuerySet[Contact], words: str, user: User) -> QuerySet[Contact]:
    """Those of the contacts that a user sees whose name or address contains every one of the words.

    Where few contacts do, they are chosen by their keys, however many contacts there are. Where
    many do, the condition alone finds a page of them soon, newest first.
    """
    wanted = words_of(words)
    if not wanted:
        return contacts.none() if "\x00" in words else contacts
    newest = _blocks(wanted, user)
    if not newest:
        return contacts.none()
    if len(newest) <= MOST_BLOCKS:
        candidates = RawSQL(KEYS_OF, [newest])
        found = Contact.objects.filter(matches(wanted), pk__in=candidates)
        keys = list(found.values_list("pk", flat=True)[: MOST_FOUND + 1])
        if len(keys) <= MOST_FOUND:
            return contacts.filter(pk__in=keys)
    last = (newest[0] + 1 << SearchBlock.BITS) - 1
    return contacts.filter(matches(wanted), pk__lte=last)


def words_of(words: str) -> list[Word]:
    """No text in PostgreSQL contains NUL: a search for one finds none."""
    if "\x00" in words:
        return []
    return [[word, *sorted(other_spellings(word))] for word in words.split()[:MOST_WORDS]]


def matches(wanted: Sequence[Word]) -> Q:
    """The condition on a contact that it contains every word."""
    found = Q()
    for word in wanted:
        either = Q()
        for spelling in word:
            either |= _contains("email", spelling) | _contains(Lower("name"), spelling)
        found &= either
    return found


def _blocks(wanted: Sequence[Word], user: User) -> list[int]:
    """The newest blocks with every word, MOST_BLOCKS and one at most; one may come twice."""
    blocks = SearchBlock.objects.visible_to(user)
    for word in wanted:
        either = Q()
        for spelling in word:
            either |= _contains("texts", spelling)
        blocks = blocks.filter(either)
    return list(blocks.order_by("-block").values_list("block", flat=True)[: MOST_BLOCKS + 1])


def _contains(text: str | Combinable, part: str) -> Q:
    """In lower case as the database does it, which keeps the texts in it."""
    return Q(GreaterThan(StrIndex(text, Lower(Value(part))), 0))
