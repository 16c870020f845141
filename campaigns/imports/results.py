"""What became of the rows of an import, as `Operation.result` has it."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class Met(TypedDict):
    """People whom the file has and whom no import brings back: addresses on the suppression list
    before it (unsubscribed; for other reasons or by their domain), rows of erased addresses, and
    contacts that had refused and of whom the file says that they agreed."""

    suppressed: int
    unsubscribed: int
    erased: int
    refused: int


class Result(TypedDict):
    """Created, updated, unchanged and skipped are contacts; duplicates, rejected and kept out are
    rows; blank are lines. Suppressed are rows that put their address on the suppression list.

    `listed` has the first problems of each sort ("rejected", "ignored", "suppressed", "kept_out",
    "still_mailed") as lists of line, value and reason; `reasons` counts rejected rows by reason;
    `tags_created` and `attributes_created` are ids; `links_until` is for the undo.
    """

    created: int
    updated: int
    unchanged: int
    skipped: int
    duplicates: int
    rejected: int
    ignored: int
    kept_out: int
    suppressed: int
    still_mailed: int
    blank: int
    met: Met
    reasons: dict[str, int]
    notes: list[str]
    listed: dict[str, list[list[Any]]]
    tags_created: list[int]
    attributes_created: list[int]
    links_until: NotRequired[int]


class Undone(TypedDict):
    """What an undo did: contacts removed, and left by the keys of `undo.LEFT`; and tags."""

    removed: int
    left: dict[str, int]
    tags_removed: int
    tags_left: int
