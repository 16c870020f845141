"""The form control that shows the blocks of a message, each a short form, and what can be added."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext
from unfold import widgets

from campaigns.admin.blocks import draft as drafts
from campaigns.admin.blocks import steps
from campaigns.admin.blocks.draft import Block, Draft
from campaigns.admin.blocks.steps import DO, REMOVED, Edited
from campaigns.blocks.kinds import CONDITIONS, KINDS, Field, Input, Kind
from campaigns.blocks.problems import Problem
from campaigns.models import Attribute, SavedBlock, Sender

INPUT = " ".join(widgets.INPUT_CLASSES)
Errors = dict[tuple[str, str], str]
NAME = "blocks"
MOST_SAVED = 100
LONGEST_SUMMARY = 60
_ALSO = ("name", "email")


class Builder(forms.Widget):
    """Its owner decides which saved blocks and attributes there are to choose from."""

    class Media:
        js = ("edm/blocks.js", "edm/pictures.js")

    template_name = "admin/campaigns/blocks/builder.html"
    owner_id: int = 0

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.problems: list[Problem] = []
        self.edited: Edited | None = None

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Draft:
        """What is in the controls, or what a page carried along as one text."""
        if drafts.ORDER not in data and name in data:
            return drafts.from_stored(drafts.from_text(data[name]))
        self.edited = steps.done(data, self.context())
        return drafts.typed(self.edited.draft, self._kinds())

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def id_for_label(self, id_: str) -> str:
        return ""

    def context(self) -> steps.Context:
        return steps.Context(beginnings(self.owner_id), self._saved_block)

    def _saved_block(self, key: str) -> Block | None:
        if not (key.isascii() and key.isdecimal() and len(key) < 19):
            return None
        saved = SavedBlock.objects.filter(owner=self.owner_id, pk=int(key)).first()
        found = drafts.from_stored({"blocks": [saved.block]}) if saved else []
        return found[0] if found else None

    def _kinds(self) -> dict[str, str]:
        return dict(Attribute.objects.filter(owner=self.owner_id).values_list("key", "kind"))

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        draft = value if isinstance(value, list) else drafts.from_stored(value)
        edited = self.edited or Edited(draft)
        shown = Shown(self._errors(), edited)
        saved = SavedBlock.objects.filter(owner=self.owner_id).order_by("name")[:MOST_SAVED]
        return {
            **super().get_context(name, None, attrs),
            "do": DO,
            "order": drafts.ORDER,
            "removed_name": REMOVED,
            "removed": edited.removed,
            "said": edited.said,
            "focus": edited.focus,
            "blocks": shown.blocks(draft),
            "palette": [(kind.name, kind.label) for kind in KINDS.values()],
            "saved": [(each.pk, each.name) for each in saved],
            "pictures": pictures(),
            "attributes": [*_ALSO, *sorted(self._kinds())],
            "error": self._errors().get(("", ""), ""),
        }

    def _errors(self) -> Errors:
        made: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for each in self.problems:
            made[each.block, each.field].append(each.message)
        return {place: " ".join(messages) for place, messages in made.items()}

    def render(self, *args: Any, **kwargs: Any) -> Any:
        """With the project's templates, as the admin's own pages are."""
        return super().render(*args, **{**kwargs, "renderer": forms.renderers.TemplatesSetting()})


class Carried(forms.HiddenInput):
    """The blocks as one text, for pages that carry along what is not saved."""

    def format_value(self, value: Any) -> str:
        draft = value if isinstance(value, list) else drafts.from_stored(value)
        return json.dumps(drafts.as_stored(draft))


def pictures() -> dict[str, str]:
    """The page of pictures, the part of a page to choose one, and what its dialog says."""
    return {
        "url": reverse("admin:campaigns_image_changelist"),
        "choose_url": reverse("admin:campaigns_image_choose"),
        "close": gettext("Close"),
        "failed": gettext("The pictures cannot be shown just now. Close this, and try again."),
    }


def beginnings(owner_id: int) -> dict[str, Block]:
    """What new blocks begin with, by kind: the address of the owner's first sender that has one."""
    senders = Sender.objects.filter(owner=owner_id).exclude(postal_address="").order_by("pk")
    sender = senders.first()
    return {"footer": {"address": sender.postal_address if sender else ""}}


@dataclass
class Shown:
    """The context of the template for a draft."""

    errors: Errors
    edited: Edited
    numbers: dict[str, int] = field(default_factory=dict)

    def blocks(self, draft: Draft, parent: str = "") -> list[dict[str, Any]]:
        return [
            self.block(block, parent, is_first=n == 0, is_last=n == len(draft) - 1)
            for n, block in enumerate(draft)
        ]

    def block(self, block: Block, parent: str, *, is_first: bool, is_last: bool) -> dict[str, Any]:
        key, kind = block["id"], KINDS.get(block["kind"])
        own = [place for place in self.errors if place[0] == key]
        within = [each["id"] for column in drafts.columns_of(block) for each in drafts.walk(column)]
        is_wrong = any(place[0] in (key, *within) for place in self.errors)
        return {
            "id": key,
            "place": f"{key} {block['kind']}{parent}",
            "label": kind.label if kind else block["kind"],
            "summary": summary_of(block),
            "is_open": is_wrong or self.edited.open in (key, *within),
            "is_wrong": bool(own),
            "error": self.errors.get((key, ""), ""),
            "fields": self._fields(block, kind) if kind else [],
            "columns": self._columns(block),
            "condition": self._condition(block),
            "is_first": is_first,
            "is_last": is_last,
            "focus": self.edited.focus,
        }

    def _fields(self, block: Block, kind: Kind) -> list[dict[str, Any]]:
        return [
            self._field(block, asked, block.get(asked.name, asked.default), asked.name)
            for asked in kind.fields
        ]

    def _field(self, block: Block, asked: Field, value: Any, name: str) -> dict[str, Any]:
        control = f"b-{block['id']}__{name}"
        made = {
            "name": control,
            "id": f"id_{control}",
            "label": asked.label,
            "help": asked.help,
            "kind": _CONTROLS.get(asked.input, "line"),
            "value": "" if value is None else value,
            "is_required": asked.is_required,
            "choices": asked.choices,
            "most": asked.most,
            "error": self.errors.get((block["id"], name), ""),
            "has_focus": self.edited.focus == f"id_{control}",
            "classes": INPUT,
        }
        if asked.input is Input.ITEMS:
            items = value if isinstance(value, list) else []
            made["items"] = [self._item(block, asked, item, n) for n, item in enumerate(items)]
        if asked.input is Input.COLUMNS:
            made["value"] = str(len(drafts.columns_of(block)) or 2)
            made["choices"] = (("2", gettext("two")), ("3", gettext("three")))
        return made

    def _item(self, block: Block, asked: Field, item: Any, number: int) -> list[dict[str, Any]]:
        values = item if isinstance(item, dict) else {}
        return [
            self._field(
                block, each, values.get(each.name, ""), f"{asked.name}-{number}-{each.name}"
            )
            for each in asked.of
        ]

    def _columns(self, block: Block) -> list[dict[str, Any]]:
        simple = [(kind.name, kind.label) for kind in KINDS.values() if kind.is_simple]
        return [
            {
                "number": slot + 1,
                "slot": slot,
                "blocks": self.blocks(column, f" {block['id']} {slot}"),
                "palette": simple,
            }
            for slot, column in enumerate(drafts.columns_of(block))
        ]

    def _condition(self, block: Block) -> dict[str, Any]:
        condition = block.get("shown_if")
        asked = condition if isinstance(condition, dict) else {}
        value = asked.get("value", "")
        return {
            "name": f"b-{block['id']}",
            "attribute": asked.get("attribute", ""),
            "is": asked.get("is", "filled"),
            "value": ("yes" if value else "no") if isinstance(value, bool) else value,
            "choices": list(CONDITIONS.items()),
            "error": self.errors.get((block["id"], "shown_if"), ""),
            "classes": INPUT,
            "is_set": bool(asked),
        }


_CONTROLS = {
    Input.TEXT: "text",
    Input.PLAIN: "plain",
    Input.MJML: "code",
    Input.NUMBER: "number",
    Input.CHOICE: "choice",
    Input.COLUMNS: "choice",
    Input.FLAG: "flag",
    Input.ATTRIBUTE: "attribute",
    Input.ITEMS: "items",
    Input.IMAGE: "image",
}


def summary_of(block: Block) -> str:
    """The first words that a block says."""
    for name in ("text", "alt", "attribute", "by", "address"):
        value = block.get(name)
        if isinstance(value, str) and value.strip():
            said = " ".join(value.split())
            return said if len(said) <= LONGEST_SUMMARY else f"{said[:LONGEST_SUMMARY]}…"
    return ""
