"""The samples to begin with as blocks, in the language of the page and the look of a brand."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import get_language

from campaigns.admin.blocks import draft as drafts
from campaigns.admin.blocks.builder import beginnings
from campaigns.blocks.kinds import KINDS
from campaigns.blocks.look import Look

FOLDER = Path(__file__).parents[2] / "starters" / "blocks"
CHINESE = "zh-hans"


def is_in_chinese() -> bool:
    return (get_language() or "").startswith("zh")


@cache
def texts(language: str) -> dict[str, Any]:
    """By the key of a sample: its subject, and its blocks with what differs from new ones."""
    found: dict[str, Any] = json.loads((FOLDER / f"{language}.json").read_text("utf-8"))
    return found


def _text_of(key: str) -> dict[str, Any]:
    found: dict[str, Any] = texts(CHINESE if is_in_chinese() else "en")[key]
    return found


def subject_of(key: str) -> str:
    return str(_text_of(key)["subject"])


def stored(key: str, owner_id: int, look: Look) -> dict[str, Any]:
    """As a template has them. What the brand says itself, the blocks leave to it."""
    footer = {**beginnings(owner_id)["footer"], **({"text": ""} if look.footer else {})}
    header = {"alt": ""} if look.name or look.logo_url else {}
    own = {"footer": footer, "header": header}
    return drafts.as_stored([_block(each, own) for each in _text_of(key)["blocks"]])


def _block(given: dict[str, Any], own: dict[str, dict[str, Any]]) -> drafts.Block:
    kind = KINDS[given["kind"]]
    made = {**drafts.new(kind), **given, **own.get(kind.name, {})}
    if "columns" in given:
        made["columns"] = [[_block(each, own) for each in column] for column in given["columns"]]
    for field in kind.fields:
        if field.of and field.name in given:
            made[field.name] = [{**drafts.new_item(field), **each} for each in given[field.name]]
    return made
