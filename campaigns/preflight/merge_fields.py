"""The variables that templates read, and for how many contacts each is empty."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.postgres.fields import ArrayField
from django.db.models import Count, F, Func, Q, QuerySet, TextField, Value
from django.db.models.expressions import Expression
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.utils.translation import gettext, ngettext

from campaigns.files.contact_columns import is_built_in
from campaigns.models import Contact, Template
from campaigns.rendering import template_work
from campaigns.rendering.content import CompiledContent
from campaigns.rendering.template_work import PartProblem
from campaigns.wording import filled
from sandbox import Failed, LimitReached

MOST = 50
"""The most variables that are counted; each costs a pass over the attributes in the one query."""
NEWEST = 20_000
"""The most contacts that a template is checked against before its audience is known."""
SAMPLED = 1_000
"""The most contacts whose attributes are searched for a similar name."""

Path = tuple[str, ...]
"""Such as ("address", "city") for {{ address.city }}."""

_COLUMNS = ("name", "email", "tracking_consent")
_OF_EVERY_VALUE = ("size", "first", "last")
_EMPTY = ("", "[]", "{}")


def written(path: Path) -> str:
    return "{{ " + ".".join(path) + " }}"


@dataclass(frozen=True, slots=True)
class MergeFieldReport:
    """By variable, for how many of `total` contacts it is empty. `uncounted` are the variables
    beyond MOST, `meant` the names that contacts have and the author perhaps meant.
    """

    total: int
    empty: Mapping[Path, int]
    uncounted: int
    meant: Mapping[Path, str]

    @property
    def warnings(self) -> list[str]:
        """A sentence for each variable that no contact has."""
        return list(self._warnings()) if self.total else []

    def _warnings(self) -> Iterator[str]:
        for path, empty in self.empty.items():
            if empty == self.total:
                yield self._empty_for_all(path)
        if self.uncounted:
            text = ngettext(
                "%(count)s more variable could not be looked at.",
                "%(count)s more variables could not be looked at.",
                self.uncounted,
            )
            yield filled(text, self.uncounted)

    def _empty_for_all(self, path: Path) -> str:
        text = (
            gettext("%(variable)s is empty for all %(count)s contacts.")
            if self.total > 1
            else gettext("%(variable)s is empty for the only contact.")
        )
        said = text % {"variable": written(path), "count": f"{self.total:,}"}
        if meant := self.meant.get(path):
            said += " " + gettext("Did you mean %(meant)s?") % {"meant": f"{{{{ {meant} }}}}"}
        return said

    @property
    def figures(self) -> list[tuple[str, str]]:
        """Each variable, and for how many it is empty, in words."""
        return [
            (
                written(path),
                gettext("empty for %(empty)s of %(total)s")
                % {"empty": f"{empty:,}", "total": f"{self.total:,}"}
                if empty
                else gettext("never empty"),
            )
            for path, empty in self.empty.items()
        ]

    @property
    def gaps(self) -> list[tuple[str, str]]:
        """Those that are empty for anyone."""
        return [
            figure for figure, empty in zip(self.figures, self.empty.values(), strict=True) if empty
        ]


NO_FIELDS = MergeFieldReport(0, {}, 0, {})


def report(templates: Iterable[CompiledContent], contacts: QuerySet[Contact]) -> MergeFieldReport:
    """One aggregate over the contacts. A template that cannot be parsed reads no variables: its
    errors are reported elsewhere."""
    paths = list(dict.fromkeys(path for template in templates for path in read_by(template)))
    total, empty = _count(contacts, paths[:MOST])
    unknown = [path for path, number in empty.items() if total and number == total]
    return MergeFieldReport(
        total, empty, len(paths[MOST:]), _meant(unknown, contacts) if unknown else {}
    )


def report_for_owner(template: Template) -> MergeFieldReport:
    """For the owner's newest contacts, NEWEST at most, so that the cost is bounded."""
    contacts = Contact.objects.filter(owner=template.owner_id)
    newest = contacts.order_by("-pk").values("pk")[:NEWEST]
    return report([template], Contact.objects.filter(pk__in=newest))


def empty_of(owner_id: int | None, paths: Sequence[Path]) -> tuple[int, dict[Path, int]]:
    """How many of the owner's newest contacts there are, and for how many of them each of the first
    MOST paths is empty.
    """
    newest = Contact.objects.filter(owner=owner_id).order_by("-pk").values("pk")[:NEWEST]
    return _count(Contact.objects.filter(pk__in=newest), paths[:MOST])


def with_a_gap(
    template: CompiledContent, contacts: QuerySet[Contact], after: Contact | None
) -> Contact | None:
    """One of the newest contacts for which a variable that the template reads is empty; the one
    before `after`, if there is one.
    """
    paths = read_by(template)[:MOST]
    if not paths:
        return None
    gaps = Q()
    for n, path in enumerate(paths):
        gaps |= _is_empty(path, f"value_{n}")
    values = {f"value_{n}": _value(path) for n, path in enumerate(paths)}
    newest = contacts.order_by("-pk").values("pk")[:NEWEST]
    found = Contact.objects.filter(pk__in=newest).alias(**values).filter(gaps).order_by("-pk")
    before: Contact | None = found.filter(pk__lt=after.pk).first() if after else None
    first: Contact | None = before or found.first()
    return first


def read_by(template: CompiledContent) -> list[Path]:
    """The contact variables that a template reads: in outputs, conditions, loops and links."""
    sources = [template.subject, template.preview_text, template.html, template.text]
    try:
        found = template_work.variables_in(sources)
    except (PartProblem, LimitReached, Failed):
        return []
    paths = [_of_contact(path) for path in found if not is_built_in(path[0])]
    return list(dict.fromkeys(paths))


def _of_contact(path: Sequence[str]) -> Path:
    """Without what every value has, such as the size of a list."""
    kept = list(path)
    while len(kept) > 1 and kept[-1] in _OF_EVERY_VALUE:
        kept.pop()
    return tuple(kept)


def _count(contacts: QuerySet[Contact], paths: Sequence[Path]) -> tuple[int, dict[Path, int]]:
    if not paths:
        return 0, {}
    counts = {
        f"empty_{n}": Count("pk", filter=_is_empty(path, f"value_{n}"))
        for n, path in enumerate(paths)
    }
    values = {f"value_{n}": _value(path) for n, path in enumerate(paths)}
    found = contacts.order_by().alias(**values).aggregate(total=Count("*"), **counts)
    return found["total"], {path: found[f"empty_{n}"] for n, path in enumerate(paths)}


def _value(path: Path) -> Expression:
    """As text, without blanks around it; "" for none."""
    stripped = Func(_text(path), Value(" \t\r\n"), function="btrim", output_field=TextField())
    return Coalesce(stripped, Value(""), output_field=TextField())


def _text(path: Path) -> Expression | F:
    if path == ("name",):
        return F("name")
    if len(path) == 1:
        return KeyTextTransform(path[0], "attributes")
    keys = Value(list(path), output_field=ArrayField(TextField()))
    return Func(F("attributes"), keys, template="(%(expressions)s)", arg_joiner=" #>> ")


def _is_empty(path: Path, value: str) -> Q:
    is_never = path in (("email",), ("tracking_consent",))
    return Q(pk__in=[]) if is_never else Q(**{f"{value}__in": _EMPTY})


def _meant(unknown: Sequence[Path], contacts: QuerySet[Contact]) -> dict[Path, str]:
    known = {*_COLUMNS}
    for attributes in contacts.order_by().values_list("attributes", flat=True)[:SAMPLED]:
        known.update(attributes)
    near = {path: _nearest(path, sorted(known)) for path in unknown}
    return {path: name for path, name in near.items() if name and path != (name,)}


def _nearest(path: Path, known: list[str]) -> str:
    """The name itself for {{ contact.first_name }}, else the one that looks most like it."""
    by_fold = {name.casefold(): name for name in known}
    last = path[-1].casefold()
    if last in by_fold:
        return by_fold[last]
    return next((by_fold[one] for one in difflib.get_close_matches(last, by_fold, 1)), "")
