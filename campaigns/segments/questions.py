"""A line with its field, its operator and its value, all known and fitting each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext

from campaigns.segments import tree, values
from campaigns.segments.fields import BY_MACHINES, ENGAGEMENT, Catalogue, Field
from campaigns.segments.operators import Operator
from campaigns.segments.tree import ConditionError, Group, Line


@dataclass(frozen=True, slots=True)
class Question:
    line: Line
    field: Field
    operator: Operator
    value: Any
    """In its clean form, of which the operator's input says the type."""


def question(line: Line, catalogue: Catalogue) -> Question:
    """Raises ConditionError. Does not look whether a row that the value names is there."""
    field = catalogue.find(line.field)
    if field is None:
        raise ConditionError(gettext("There is no such field. Choose one."), (*line.path, "field"))
    operator = field.operator(line.operator)
    if operator is None:
        message = gettext("%(field)s cannot be asked that. Choose again.") % {"field": field.label}
        raise ConditionError(message, (*line.path, "operator"))
    try:
        value = values.clean(operator.input, line.value)
    except values.ValueRefused as error:
        raise ConditionError(str(error), (*line.path, "value")) from error
    if field.name in ENGAGEMENT and isinstance(value, dict):
        _check_engagement(field, value, line)
    return Question(line, field, operator, value)


def _check_engagement(field: Field, value: dict[str, object], line: Line) -> None:
    if "link" in value and field.name != "clicked":
        raise ConditionError(gettext("Only a click is of a link."), (*line.path, "value"))
    if "by" in value and field.name not in BY_MACHINES:
        raise ConditionError(gettext("Machines only open and click."), (*line.path, "value"))


def parse(raw: object, catalogue: Catalogue) -> Group:
    """Read a condition, with every value in its clean form. Raises ConditionError."""
    return _cleaned(tree.read(raw), catalogue)


def _cleaned(group: Group, catalogue: Catalogue) -> Group:
    items = tuple(
        _cleaned(item, catalogue)
        if isinstance(item, Group)
        else replace(item, value=question(item, catalogue).value)
        for item in group.items
    )
    return replace(group, items=items)
