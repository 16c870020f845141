"""How many recipients get each language of a campaign, and how many have one without a variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from campaigns.languages import choosing
from campaigns.languages.choosing import COLUMN, Languages
from campaigns.models import Contact, Promise, Task
from campaigns.recipients import decision
from campaigns.recipients.counting import use_memory
from campaigns.recipients.decision import SENT, Decided

MOST_MISSING = 10
MOST_CHARACTERS = 35
"""Of a language that is named: what contacts have there may be any text."""
NONE, MISSING = -1, -2

PROMISED_SQL = """
SELECT unnest(contact_ids) FROM campaigns_promisedcontacts
WHERE promise_id = %(promise)s AND reason = ''
"""
CHOSEN_SQL = f"""
SELECT CASE_OF_TAGS AS chosen, {COLUMN}
FROM (SELECT {choosing.OF_ATTRIBUTES} FROM campaigns_contact WHERE id IN (RECIPIENTS)) AS c
"""
COUNT_SQL = f"SELECT chosen, count(*) FROM ({CHOSEN_SQL}) AS d GROUP BY 1"
MISSING_SQL = f"""
SELECT left({COLUMN}, {MOST_CHARACTERS}) AS named, count(*) FROM ({CHOSEN_SQL}) AS d
WHERE chosen = {MISSING} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MOST_MISSING}
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """`by_tag` has those for whom a variant is found, `unknown` are those whose contact says no
    language, and `missing` those with one that no variant is in; `named` are the most frequent of
    these languages.
    """

    by_tag: Mapping[str, int]
    unknown: int
    missing: int
    named: Sequence[tuple[str, int]]


def count(promise: Promise, languages: Languages) -> Counts:
    """Of those who are promised a message. Reads the attributes of all."""
    return _count(Decided(PROMISED_SQL, {"promise": promise.pk}), languages)


def count_now(task: Task, languages: Languages) -> Counts:
    """Of those who would get a message now. Reads all candidates. Raises UnknownAudience."""
    decided = decision.decide(task)
    with transaction.atomic():
        use_memory()
        sql = f"SELECT id FROM ({decided.sql}) AS decided WHERE reason = '{SENT}'"
        return _count(Decided(sql, decided.params), languages)


def _count(of: Decided, languages: Languages) -> Counts:
    found = dict(_rows(COUNT_SQL, of, languages))
    by_tag = {tag: found.get(n, 0) for n, tag in enumerate(languages.tags)}
    missing = found.get(MISSING, 0)
    named = _rows(MISSING_SQL, of, languages) if missing else []
    return Counts(by_tag, found.get(NONE, 0), missing, named)


def language_of(contact: Contact) -> str:
    """What the contact says, "" for none."""
    with connection.cursor() as cursor:
        query = f"SELECT {choosing.OF_ATTRIBUTES} FROM campaigns_contact WHERE id = %s"
        cursor.execute(query, [contact.pk])
        found = cursor.fetchone()
    return str(found[0]) if found else ""


def _rows(query: str, of: Decided, languages: Languages) -> list[tuple[Any, int]]:
    otherwise = f"CASE WHEN {COLUMN} = '' THEN {NONE} ELSE {MISSING} END"
    case = choosing.case([str(n) for n in range(len(languages.tags))], otherwise)
    query = query.replace("CASE_OF_TAGS", case).replace("RECIPIENTS", of.sql)
    with connection.cursor() as cursor:
        cursor.execute(query, {**of.params, **choosing.params(languages)})
        return [(key, number) for key, number in cursor.fetchall()]
