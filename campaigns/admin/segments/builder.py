"""The form control that builds a condition: groups, lines and their controls, as a template shows
them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.apps import apps
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold import widgets

from admin_kit.words.moments import day
from campaigns.admin.segments import controls
from campaigns.admin.segments import draft as drafts
from campaigns.admin.segments.draft import DO, Group, Line, Path
from campaigns.db.keys import is_key
from campaigns.models import Operation, OperationKind, Segment, Tag, Task
from campaigns.segments.fields import Catalogue, Field
from campaigns.segments.tree import MATCHES, MAX_DEPTH, MAX_LINES
from campaigns.segments.values import BY

Choices = list[tuple[str, str]]
# Unfold's classes without the full width, which leave lists their arrow.
INPUT = " ".join(each for each in widgets.INPUT_CLASSES if each != "w-full")
SELECT = " ".join([INPUT, "edm-list"])
NARROW = " ".join([INPUT, "edm-number"])
MOST_ROWS = 1_000
MOST_LINKS = 200
LONGEST = 90


@dataclass
class Control:
    """`kind` is that of its part of the template."""

    kind: str
    name: str
    label: str
    value: str = ""
    choices: Choices = field(default_factory=list)
    chosen: list[str] = field(default_factory=list)
    reloads: bool = False
    """Whether another choice shows other controls."""


@dataclass
class Rows:
    """What lines may name of an owner's, each read once for a form."""

    owner_id: int
    segment: Segment | None
    read: dict[str, Choices] = field(default_factory=dict)

    def named(self, kind: str) -> Choices:
        if kind not in self.read:
            self.read[kind] = [(str(pk), _short(name)) for pk, name in self._rows(kind)]
        return self.read[kind]

    def _rows(self, kind: str) -> Iterable[tuple[Any, str]]:
        match kind:
            case "tag":
                rows = Tag.objects.order_by("name")
            case "segment":
                own = (self.segment.pk if self.segment else None) or 0
                rows = Segment.objects.exclude(pk=own).order_by("name")
            case "import":
                imports = Operation.objects.filter(kind=OperationKind.IMPORT).order_by("-pk")
                return [(o.pk, f"{o.title}, {day(o.created_at)}") for o in self._own(imports)]
            case _:
                rows = Task.objects.filter(launched_at__isnull=False).order_by("-pk")
        return [(row.pk, row.name) for row in self._own(rows)]

    def _own(self, rows: Any) -> Any:
        return rows.filter(owner=self.owner_id)[:MOST_ROWS]

    def links(self, campaign: str) -> Choices:
        """Where the links of a campaign lead; not those that differ for each recipient."""
        if f"links-{campaign}" not in self.read:
            links = apps.get_model("tracking.Link")._default_manager.filter(
                content__task__owner=self.owner_id, content__task=int(campaign), is_personal=False
            )
            to = links.order_by("destination").values_list("destination", flat=True).distinct()
            self.read[f"links-{campaign}"] = [(each, _short(each)) for each in to[:MOST_LINKS]]
        return self.read[f"links-{campaign}"]


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[:LONGEST]}…"


class Builder(forms.Widget):
    """Its owner decides which fields and rows there are to choose from. `errors` are shown at the
    lines that they are about."""

    class Media:
        js = ("edm/segments.js",)

    template_name = "admin/campaigns/segments/builder.html"
    owner_id: int = 0
    segment: Segment | None = None
    focus: Path | None = None
    """The line that a button made, or the group where one was removed."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.errors: dict[Path, str] = {}
        self.figures_url = ""
        self.shown: Any = None

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Group:
        draft, path = drafts.posted(data)
        self.focus = path if DO in data else None
        return draft

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def id_for_label(self, id_: str) -> str:
        """The label is that of the group."""
        return ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        catalogue = Catalogue(self.owner_id)
        draft = value if isinstance(value, Group) else drafts.from_stored(value, catalogue)
        shown = Shown(catalogue, Rows(self.owner_id, self.segment), self.errors, self.focus)
        return {
            **super().get_context(name, None, attrs),
            "do": DO,
            "group": shown.group(draft, ()),
            "figures_url": self.figures_url,
            "shown": self.shown,
        }

    def render(self, *args: Any, **kwargs: Any) -> Any:
        """With the project's templates, as the admin's own pages are."""
        return super().render(*args, **{**kwargs, "renderer": forms.renderers.TemplatesSetting()})


@dataclass
class Shown:
    """The context of the template for a draft."""

    catalogue: Catalogue
    rows: Rows
    errors: dict[Path, str]
    focus: Path | None

    def group(self, group: Group, path: Path) -> dict[str, Any]:
        return {
            "is_group": True,
            "name": drafts.name_of(path),
            "number": len(path),
            "is_root": not path,
            "matches": list(MATCHES.items()),
            "match": group.match,
            "select": SELECT,
            "items_within": [
                self.group(item, (*path, number))
                if isinstance(item, Group)
                else self.line(item, (*path, number))
                for number, item in enumerate(group.items)
            ],
            "may_nest": len(path) + 2 <= MAX_DEPTH,
            "may_add": len(group.items) < MAX_LINES,
            "error": self.errors.get(path, ""),
            "focus": self.focus == path,
        }

    def line(self, line: Line, path: Path) -> dict[str, Any]:
        name = drafts.name_of(path)
        asked = self.catalogue.find(line.field)
        operators = asked.operators if asked else ()
        if asked and not asked.operator(line.operator):
            line = Line(line.field, operators[0].name, line.parts)
        made = self._controls(asked, line, name) if asked else []
        shown = {control.name for control in made}
        kept = [
            (f"{name}__{part}", value)
            for part, values in line.parts.items()
            for value in values
            if f"{name}__{part}" not in shown and value
        ]
        return {
            "name": name,
            "title": " ".join([gettext("Condition"), ".".join(str(each + 1) for each in path)]),
            "fields": self._fields(asked, line.field),
            "operators": [(each.name, each.label) for each in operators],
            "operator": line.operator,
            "controls": made,
            "kept": kept,
            "select": SELECT,
            "input": INPUT,
            "narrow": NARROW,
            "error": self.errors.get(path, ""),
            "focus": self.focus == path,
        }

    def _fields(self, asked: Field | None, chosen: str) -> list[tuple[str, list[Any]]]:
        """By heading, with whether each is the chosen one."""
        known = list(self.catalogue)
        if asked and asked.name not in {each.name for each in known}:
            known.append(asked)
        headings = dict.fromkeys(each.heading for each in known)
        return [
            (
                heading,
                [(f.name, f.label, f.name == chosen) for f in known if f.heading == heading],
            )
            for heading in headings
        ]

    def _controls(self, asked: Field, line: Line, name: str) -> list[Control]:
        kind = controls.input_of(line, self.catalogue)
        names = controls.names_for(line, kind, line.parts)
        made = [self._control(part, asked, line) for part in names]
        for each in made:
            entered = line.parts.get(each.name, [])
            each.value = entered[-1] if entered else each.value
            each.chosen = entered
            _keep_choice(each)
            each.name = f"{name}__{each.name}"
        return made

    def _control(self, part: str, asked: Field, line: Line) -> Control:
        match part:
            case "choice" | "choices":
                kind = "select" if part == "choice" else "checks"
                return Control(kind, part, gettext("Value"), choices=list(asked.choices))
            case "tag" | "segment" | "import":
                return Control("select", part, str(NAMED[part]), choices=self.rows.named(part))
            case "campaign" | "task":
                rows = self.rows.named("task")
                choices = [("", gettext("any campaign")), *rows]
                return Control("select", part, gettext("Campaign"), choices=choices, reloads=True)
            case "link":
                return self._link(line)
            case "by":
                return Control(
                    "select",
                    part,
                    gettext("Counting"),
                    choices=[(by, str(words)) for by, words in BY.items()],
                    value="people",
                )
            case _:
                kind, label = SIMPLE[part]
                value = secrets.token_hex(8) if part == "seed" else ("2" if part == "of" else "")
                return Control(kind, part, str(label), value=value)

    def _link(self, line: Line) -> Control:
        campaign = (line.parts.get("campaign") or [""])[-1]
        if not is_key(campaign):
            return Control("text", "link", gettext("Link (any, if empty)"))
        choices = [("", gettext("any link")), *self.rows.links(campaign)]
        return Control("select", "link", gettext("Link"), choices=choices)


NAMED = {"tag": _("Tag"), "segment": _("Segment"), "import": _("Import")}
SIMPLE = {
    "text": ("text", _("Value")),
    "number": ("number", _("Number")),
    "number_to": ("number", _("and")),
    "date": ("date", _("Date")),
    "date_to": ("date", _("and")),
    "days": ("number", _("Days")),
    "within": ("number", _("Within days (ever, if empty)")),
    "times": ("number", _("At least … messages")),
    "part": ("number", _("Part")),
    "of": ("number", _("Of parts, 2 to 20")),
    "seed": ("hidden", ""),
}


def _keep_choice(control: Control) -> None:
    """A row that is gone is still what was chosen, until another one is."""
    if control.kind == "select":
        if control.value and control.value not in dict(control.choices):
            control.choices = [*control.choices, (control.value, gettext("(gone)"))]
        if control.choices and control.choices[0][0] and not control.value:
            control.choices = [("", gettext("Choose…")), *control.choices]
