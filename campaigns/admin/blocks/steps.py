"""What the buttons of the editor do to a draft. Nothing is saved by them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.admin.blocks import draft as drafts
from campaigns.admin.blocks.draft import Draft
from campaigns.blocks.kinds import KINDS, MAX_BLOCKS, Input, Kind

DO = "_do"
"""The name of the buttons: `add:text`, `up:a1b2`, `remove:a1b2`, `item:a1b2`."""
REMOVED = "b__removed"
"""The control with the block that was removed last, and where it stood."""


@dataclass
class Edited:
    """A draft after a button. `focus` is the id of the control to go on with, `open` the block to
    show, `removed` what can be brought back."""

    draft: Draft
    focus: str = ""
    open: str = ""
    removed: str = ""
    said: str = ""


@dataclass(frozen=True)
class Context:
    """What new blocks begin with, by their kind, and the saved blocks by their keys."""

    beginnings: dict[str, dict[str, Any]] = field(default_factory=dict)
    saved: Callable[[str], dict[str, Any] | None] = lambda key: None


def done(data: Any, context: Context) -> Edited:
    """The draft of a form, after the button that was pressed."""
    edited = Edited(drafts.posted(data), removed=str(data.get(REMOVED, "")))
    name, *arguments = str(data.get(DO, "")).split(":")
    if step := STEPS.get(name):
        step(edited, arguments, context)
    return edited


def _add(edited: Edited, arguments: Sequence[str], context: Context) -> None:
    kind = KINDS.get(arguments[0]) if arguments else None
    if kind is None:
        return
    block = {**drafts.new(kind), **context.beginnings.get(kind.name, {})}
    _put(edited, block, kind, arguments[1:])


def _put(edited: Edited, block: dict[str, Any], kind: Kind, place: Sequence[str]) -> None:
    into = _column(edited.draft, place) if place else edited.draft
    if into is None or (place and not kind.is_simple):
        return
    if sum(1 for _ in drafts.walk(edited.draft)) >= MAX_BLOCKS:
        edited.said = gettext("A message has %(max_blocks)s blocks at most.") % {
            "max_blocks": MAX_BLOCKS
        }
        return
    into.insert(_where(into, kind), block)
    edited.open = block["id"]
    edited.focus = _first_control(block, kind)


def _column(draft: Draft, place: Sequence[str]) -> Draft | None:
    block = drafts.find(draft, place[0])
    columns = drafts.columns_of(block) if block else []
    slot = place[1] if len(place) > 1 else ""
    return columns[int(slot)] if slot in ("0", "1", "2") and int(slot) < len(columns) else None


def _where(into: Draft, kind: Kind) -> int:
    """At the end, where a footer stays the last."""
    has_footer = bool(into) and into[-1]["kind"] == "footer" and kind.name != "footer"
    return len(into) - 1 if has_footer else len(into)


def _first_control(block: dict[str, Any], kind: Kind) -> str:
    if not kind.fields:
        return f"id_b-{block['id']}"
    first = kind.fields[0]
    if first.input is Input.ITEMS:
        return f"id_b-{block['id']}__{first.name}-0-{first.of[0].name}"
    return f"id_b-{block['id']}__{first.name}"


MOVED = {
    "up": _("Moved up: it is number %(place)s of %(number)s now."),
    "down": _("Moved down: it is number %(place)s of %(number)s now."),
}


def _up(edited: Edited, arguments: Sequence[str], context: Context) -> None:
    _move(edited, arguments, -1, "up")


def _down(edited: Edited, arguments: Sequence[str], context: Context) -> None:
    _move(edited, arguments, 1, "down")


def _move(edited: Edited, arguments: Sequence[str], by: int, name: str) -> None:
    key = arguments[0] if arguments else ""
    within = drafts.list_with(edited.draft, key)
    if within is None:
        return
    at = next(n for n, block in enumerate(within) if block["id"] == key)
    to = at + by
    if 0 <= to < len(within):
        within.insert(to, within.pop(at))
        at = to
    is_at_end = at == (0 if by < 0 else len(within) - 1)
    edited.focus = f"{('down' if by < 0 else 'up') if is_at_end else name}_{key}"
    edited.said = str(MOVED[name]) % {"place": at + 1, "number": len(within)}


def _copy(edited: Edited, arguments: Sequence[str], context: Context) -> None:
    key = arguments[0] if arguments else ""
    within, block = drafts.list_with(edited.draft, key), drafts.find(edited.draft, key)
    if within is None or block is None:
        return
    made = drafts.copy(block)
    within.insert(within.index(block) + 1, made)
    edited.open, edited.focus = made["id"], f"copy_{made['id']}"
    edited.said = gettext("A copy stands below it.")


def _remove(edited: Edited, arguments: Sequence[str], context: Context) -> None:
    key = arguments[0] if arguments else ""
    within, block = drafts.list_with(edited.draft, key), drafts.find(edited.draft, key)
    if within is None or block is None:
        return
    at = within.index(block)
    place = _place_of(edited.draft, within)
    within.remove(block)
    edited.removed = json.dumps({"block": block, "at": at, "place": place})
    edited.focus = "undo_removal"


def _place_of(draft: Draft, within: Draft) -> list[str]:
    for block in draft:
        for slot, column in enumerate(drafts.columns_of(block)):
            if column is within:
                return [block["id"], str(slot)]
    return []


def _undo(edited: Edited, arguments: Sequence[str], context: Context) -> None:
    removed = drafts.from_text(edited.removed)
    edited.removed = ""
    if not isinstance(removed, dict) or not isinstance(removed.get("place"), list):
        return
    block, at, place = removed.get("block"), removed.get("at"), [*map(str, removed["place"])]
    readable = drafts.from_stored({"blocks": [block]})
    into = _column(edited.draft, place) if place else edited.draft
    if not readable or into is None or not isinstance(at, int):
        return
    if {each["id"] for each in drafts.walk(readable)} & {
        each["id"] for each in drafts.walk(edited.draft)
    }:
        readable = [drafts.copy(readable[0])]
    into.insert(max(0, at), readable[0])
    edited.open, edited.focus = readable[0]["id"], f"remove_{readable[0]['id']}"


def _item(edited: Edited, arguments: Sequence[str], context: Context) -> None:
    block = drafts.find(edited.draft, arguments[0]) if arguments else None
    asked = KINDS[block["kind"]].field("items") if block and block["kind"] in KINDS else None
    if block is None or asked is None:
        return
    if len(block["items"]) < asked.most:
        block["items"].append(drafts.new_item(asked))
    edited.open = block["id"]
    edited.focus = f"id_b-{block['id']}__items-{len(block['items']) - 1}-{asked.of[0].name}"


def _unitem(edited: Edited, arguments: Sequence[str], context: Context) -> None:
    block = drafts.find(edited.draft, arguments[0]) if arguments else None
    items = block.get("items") if block else None
    number = arguments[1] if len(arguments) > 1 else ""
    if not isinstance(items, list) or not (number.isascii() and number.isdecimal()):
        return
    if int(number[:4]) < len(items):
        del items[int(number[:4])]
    edited.open, edited.focus = arguments[0], f"item_{arguments[0]}"


def _insert(edited: Edited, arguments: Sequence[str], context: Context) -> None:
    """A copy of a saved block."""
    saved = context.saved(arguments[0]) if arguments else None
    kind = KINDS.get(saved["kind"]) if saved else None
    if saved and kind:
        _put(edited, drafts.copy(saved), kind, ())


STEPS: dict[str, Callable[[Edited, Sequence[str], Context], None]] = {
    "add": _add,
    "up": _up,
    "down": _down,
    "copy": _copy,
    "remove": _remove,
    "undo": _undo,
    "item": _item,
    "unitem": _unitem,
    "insert": _insert,
}
