"""Compile a condition to one SQL condition on contacts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext

from campaigns import suppressions
from campaigns.models import Contact, Segment, Task
from campaigns.segments import moment, tree
from campaigns.segments.fields import ATTRIBUTE, ENGAGEMENT, Catalogue
from campaigns.segments.moment import Moment
from campaigns.segments.operators import NEGATED, OF_ATTRIBUTES
from campaigns.segments.questions import Question, question
from campaigns.segments.sql import attributes, contacts, engagement
from campaigns.segments.sql.contacts import NotThere
from campaigns.segments.tree import ConditionError, Group, Line

MAX_ALL_LINES = 200
"""Of a condition together with the segments that it uses."""
MAX_CHAIN = 20
"""Segments that use each other in a row: each nests the SQL condition further."""
KIND_OF = {asked: kind for kind, asked in OF_ATTRIBUTES.items()}


@dataclass
class Shared:
    """By a condition and the segments that it uses."""

    at: Moment | None = None
    lines: int = 0

    def moment(self) -> Moment:
        """One for all, read when a line first needs it."""
        self.at = self.at or moment.current()
        return self.at

    def condition_of(self, segment: Segment) -> object:
        at = self.at
        return at.condition(segment.pk, segment.condition) if at else segment.condition


@dataclass(frozen=True)
class Compiler:
    """For the contacts of one owner. `path` are the segments that are being compiled.

    PostgreSQL joins a subquery that stands, or stands negated, among conditions that all hold; any
    other one it looks up for each contact, or hashes. So what does not hold is said of the lines,
    not of groups, and `is_joined` says where a line stands.
    """

    catalogue: Catalogue
    shared: Shared
    path: tuple[Segment, ...] = ()
    is_joined: bool = True

    @property
    def owner_id(self) -> int:
        return self.catalogue.owner_id

    def group(self, group: Group, holds: bool = True) -> Q:
        """That a group holds, or that it does not. Raises ConditionError."""
        each_holds = holds is not (group.match == "none")
        all_of_them = holds is not (group.match == "any")
        if all_of_them or len(group.items) == 1:
            return Q(*(self._item(item, each_holds) for item in group.items))
        return self._either(group.items, each_holds)

    def _item(self, item: Group | Line, holds: bool) -> Q:
        return self.group(item, holds) if isinstance(item, Group) else self._line(item, holds)

    def _either(self, items: tuple[Group | Line, ...], holds: bool) -> Q:
        messages = [item for item in items if isinstance(item, Line) and item.field in ENGAGEMENT]
        if len(messages) < 2:
            messages = []
        others = [item for item in items if item not in messages]
        apart = replace(self, is_joined=self.is_joined and not others)
        found = apart._any_message(messages, holds) if messages else Q()
        apart = replace(self, is_joined=False)
        for item in others:
            found |= apart._item(item, holds)
        return found

    def _any_message(self, lines: list[Line], holds: bool) -> Q:
        """Those of whom not all lines fail: joins instead of hashing a million addresses a line."""
        inner = replace(self, is_joined=True)
        without = Contact.objects.filter(
            *(inner._line(line, not holds) for line in lines), owner=self.owner_id
        )
        if not self.is_joined:
            return ~Q(pk__in=without.values("pk"))
        same = {name: OuterRef(name) for name in ("pk", "address_key")}
        return ~Q(Exists(without.filter(**same)))

    def _line(self, line: Line, holds: bool) -> Q:
        self.shared.lines += 1
        if self.shared.lines > MAX_ALL_LINES:
            message = gettext("With the segments in it, these are more than %(most)s lines.") % {
                "most": MAX_ALL_LINES
            }
            raise ConditionError(message, line.path)
        asked = question(line, self.catalogue)
        operator = asked.operator.name
        try:
            return self._question(
                asked, NEGATED.get(operator, operator), holds is not (operator in NEGATED)
            )
        except NotThere as error:
            raise ConditionError(str(error), (*line.path, "value")) from error

    def _question(self, asked: Question, operator: str, holds: bool) -> Q:
        if asked.field.name == "segment":
            return self._segment(asked.value, holds)
        found = self._holds(asked, operator)
        return found if holds else ~found

    def _holds(self, asked: Question, operator: str) -> Q:
        name, value = asked.field.name, asked.value
        if name.startswith(ATTRIBUTE):
            by_kind = attributes.BY_KIND[KIND_OF[asked.field.operators]]
            key = name.removeprefix(ATTRIBUTE)
            return Q(by_kind(key, operator, value, self.shared.moment))
        if name in ENGAGEMENT and isinstance(value, dict):
            self._check_campaign(value)
            found = engagement.those_who_did(name, value, self.owner_id, self.shared.moment)
            return Q(found.sql(self.is_joined))
        return FIXED[name](self, operator, value)

    def _check_campaign(self, value: dict[str, Any]) -> None:
        if "campaign" not in value:
            return
        if not Task.objects.filter(owner=self.owner_id, pk=value["campaign"]).exists():
            raise NotThere(gettext("This campaign is gone. Choose another one."))

    def _segment(self, value: Any, holds: bool) -> Q:
        used = Segment.objects.filter(owner=self.owner_id, pk=value).first()
        if used is None:
            raise NotThere(gettext("This segment is gone. Choose another one."))
        if any(each.pk == used.pk for each in self.path):
            names = gettext(" uses ").join(f"“{each}”" for each in (*self.path, used))
            raise NotThere(
                gettext("A segment cannot be part of itself: %(names)s.") % {"names": names}
            )
        if len(self.path) >= MAX_CHAIN:
            raise NotThere(
                gettext("More than %(most)s segments use each other in a row.")
                % {"most": MAX_CHAIN}
            )
        within = replace(self, path=(*self.path, used))
        try:
            return within.group(tree.read(self.shared.condition_of(used)), holds)
        except ConditionError as error:
            raise NotThere(
                gettext("In the segment “%(segment)s”: %(problem)s")
                % {"segment": used, "problem": error.message}
            ) from error


FIXED: dict[str, Callable[[Compiler, str, Any], Q]] = {
    "tag": lambda c, asked, value: Q(contacts.tagged(asked, value, c.owner_id).sql(c.is_joined)),
    "name": lambda c, asked, value: Q(attributes.text("{0}", (), "name", asked, value)),
    "address": lambda c, asked, value: Q(attributes.text("{0}", (), "email", asked, value)),
    "domain": lambda c, asked, value: Q(contacts.domain(asked, value)),
    "language": lambda c, asked, value: Q(contacts.language(asked, value)),
    "created": lambda c, asked, value: Q(contacts.created(asked, value, c.shared.moment)),
    "imported": lambda c, asked, value: Q(contacts.imported(asked, value, c.owner_id)),
    "mail_consent": lambda c, asked, value: Q(contacts.consent(asked, value)),
    "tracking_consent": lambda c, asked, value: Q(tracking_consent=asked == "yes"),
    "mailable": lambda c, asked, value: _mailable(asked),
    "part": lambda c, asked, value: Q(contacts.part(value)),
}


def _mailable(asked: str) -> Q:
    return suppressions.free_by("email") if asked == "yes" else suppressions.listed_by("email")


def compile_condition(
    owner_id: int, raw: object, path: tuple[Segment, ...] = (), at: Moment | None = None
) -> Q:
    """The condition on contacts of this owner. Raises ConditionError."""
    return Compiler(Catalogue(owner_id), Shared(at), path).group(tree.read(raw))


def compile_segment(segment: Segment, at: Moment | None = None) -> Q:
    """That a contact of its owner is in a segment. Raises ConditionError."""
    shared = Shared(at)
    compiler = Compiler(Catalogue(segment.owner_id), shared, (segment,))
    return compiler.group(tree.read(shared.condition_of(segment)))
