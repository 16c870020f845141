"""The attributes that an import makes, and the types that hold for its columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from campaigns.attributes.values import kind_of
from campaigns.imports.reading.staging import StagedRow
from campaigns.imports.settings import ColumnSettings, ImportSettings, Meaning
from campaigns.models import Attribute, AttributeKind

MAX_LABEL = 200  # characters, as Attribute.label
MAX_FOUND = 500
"""Attributes that cells of JSON make, of a file."""
_OWN_KEY = {Meaning.FIRST_NAME: "first_name", Meaning.LAST_NAME: "last_name"}


@dataclass(frozen=True, slots=True)
class Declared:
    """`settings` with the types that hold; `created` are ids of attributes; columns of choices that
    are `growing` take each value that the file has."""

    settings: ImportSettings
    created: list[int]
    growing: list[str]


def with_types(owner_id: Any, settings: ImportSettings) -> ImportSettings:
    """The settings with the types that the owner has given to attributes: they win over guesses."""
    keys = [key_of(column) for column in settings.columns]
    own = Attribute.objects.filter(owner=owner_id).order_by("key")
    existing = {each.key: each for each in own.filter(key__in=list(filter(None, keys)))}
    has_json = any(column.meaning is Meaning.ATTRIBUTES for column in settings.columns)
    return replace(
        settings,
        columns=tuple(
            _as_declared(column, existing.get(key))
            for column, key in zip(settings.columns, keys, strict=True)
        ),
        known=tuple(map(_known, own.exclude(key__in=existing))) if has_json else (),
    )


def _known(attribute: Attribute) -> ColumnSettings:
    return _as_declared(ColumnSettings(attribute.key, key=attribute.key), attribute)


def _as_declared(column: ColumnSettings, attribute: Attribute | None) -> ColumnSettings:
    if attribute is None:
        return column
    return replace(column, kind=attribute.kind, choices=tuple(attribute.choices))


def declare(owner_id: Any, settings: ImportSettings) -> Declared:
    """Make the attributes that the owner does not have; a dry run makes none."""
    by_key = {key: column for column in settings.columns if (key := key_of(column))}
    known = set(
        Attribute.objects.filter(owner=owner_id, key__in=by_key).values_list("key", flat=True)
    )
    missing = [
        Attribute(
            owner_id=owner_id,
            key=key,
            label=" ".join(column.heading.split())[:MAX_LABEL],
            kind=column.kind,
            choices=list(column.choices),
        )
        for key, column in by_key.items()
        if key not in known
    ]
    growing = [each.key for each in missing if each.kind == AttributeKind.CHOICE]
    created: list[int] = []
    if not settings.dry_run:
        Attribute.objects.bulk_create(missing, ignore_conflicts=True)
        mine = Attribute.objects.filter(owner=owner_id, key__in=[each.key for each in missing])
        created = list(mine.values_list("pk", flat=True))
    return Declared(with_types(owner_id, settings), created, growing)


def declare_found(
    owner_id: Any, settings: ImportSettings, rows: Iterable[StagedRow], most: int
) -> list[int]:
    """Make the attributes that cells of JSON have and the owner does not, each with the type of its
    values; at most so many. Returns their ids."""
    if all(column.meaning is not Meaning.ATTRIBUTES for column in settings.columns):
        return []
    of_columns = set(map(key_of, settings.columns))
    kinds: dict[str, AttributeKind] = {}
    for row in rows:
        for key, value in row.attributes.items():
            if key not in of_columns:
                kind = kind_of(value)
                kinds[key] = kind if kinds.get(key, kind) == kind else AttributeKind.TEXT
    mine = Attribute.objects.filter(owner=owner_id, key__in=kinds)
    missing = list(kinds.keys() - set(mine.values_list("key", flat=True)))[:most]
    made = [Attribute(owner_id=owner_id, key=key, kind=kinds[key]) for key in sorted(missing)]
    Attribute.objects.bulk_create(made, ignore_conflicts=True)
    return list(mine.filter(key__in=missing).values_list("pk", flat=True))


def keep_choices(owner_id: Any, choices: Mapping[str, list[str]]) -> None:
    """Store what the columns of choices were found to have."""
    for key, found in choices.items():
        Attribute.objects.filter(owner=owner_id, key=key, kind=AttributeKind.CHOICE).exclude(
            choices=found
        ).update(choices=found)


def declared_keys(owner_id: Any, settings: ImportSettings) -> list[str]:
    """Of the attributes in these columns, those that the owner has already."""
    keys = [key for column in settings.columns if (key := key_of(column))]
    found = Attribute.objects.filter(owner=owner_id, key__in=keys)
    return sorted(found.values_list("key", flat=True))


def key_of(column: ColumnSettings) -> str:
    """The attribute that a column fills; "" for none."""
    return column.key if column.meaning is Meaning.ATTRIBUTE else _OWN_KEY.get(column.meaning, "")
