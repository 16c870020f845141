"""To whom a block is shown: a question about one attribute of the recipient, compiled to Liquid."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext

from campaigns.blocks.kinds import CONDITIONS
from campaigns.blocks.problems import Wrong
from campaigns.files.contact_columns import is_built_in

NAME = re.compile(r"[^\W\d]\w{0,109}")
"""As attributes of contacts are named; letters of any alphabet."""
NO_NAMES = frozenset({
    "true", "false", "nil", "null", "empty", "blank", "and", "or", "not", "contains", "if", "else",
    "tags",
})  # fmt: skip
"""Words that mean something else in Liquid; tags are not known when a message is rendered."""
MOST_CHARACTERS = 200
_WITH_VALUE = ("equal", "other")
_PARTS = {"attribute", "is", "value"}


@dataclass(frozen=True, slots=True)
class Condition:
    attribute: str
    asked: str
    value: str | int | float | bool = ""

    @property
    def liquid(self) -> str:
        """What stands in {% if … %}."""
        name = self.attribute
        match self.asked:
            case "filled":
                return f"{name} != nil and {name} != blank"
            case "empty":
                return f"{name} == nil or {name} == blank"
            case "equal":
                return f"{name} == {_literal(self.value)}"
            case _:
                return f"{name} != {_literal(self.value)}"


def is_name(name: object) -> bool:
    """Whether templates may know an attribute of a contact by this name."""
    return (
        isinstance(name, str)
        and NAME.fullmatch(name) is not None
        and name not in NO_NAMES
        and not is_built_in(name)
    )


def read(raw: object) -> Condition:
    """Raises Wrong."""
    if not isinstance(raw, dict) or not set(raw) <= _PARTS:
        raise Wrong(gettext("To whom the block is shown cannot be read. Choose it anew."))
    name, asked, value = raw.get("attribute"), raw.get("is"), raw.get("value", "")
    if not is_name(name):
        raise Wrong(gettext("Name an attribute of contacts, such as city."))
    if not isinstance(asked, str) or asked not in CONDITIONS:
        raise Wrong(gettext("Choose what is asked of the attribute."))
    if asked not in _WITH_VALUE:
        return Condition(str(name), asked)
    if not isinstance(value, str | int | float) or value == "":
        raise Wrong(gettext("Write what the attribute is compared with."))
    made = Condition(str(name), asked, value)
    _literal(value)
    return made


def write(condition: Condition) -> dict[str, object]:
    value = {"value": condition.value} if condition.asked in _WITH_VALUE else {}
    return {"attribute": condition.attribute, "is": condition.asked, **value}


def _literal(value: str | int | float | bool) -> str:
    """Liquid has no way to write a quote within quotes. Raises Wrong."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        if value != value or abs(value) > 10**15:
            raise Wrong(gettext("This number is too large to be compared with."))
        return f"{value:f}" if isinstance(value, float) else str(value)
    if len(value) > MOST_CHARACTERS or not value.isprintable() or re.search(r"[{}%<>&]", value):
        raise Wrong(
            gettext(
                "Compare with a text of one line and 200 characters at most, without "
                "{ } % < > and &."
            )
        )
    if '"' in value and "'" in value:
        raise Wrong(gettext("Compare with a text that has one kind of quotes."))
    return f"'{value}'" if '"' in value else f'"{value}"'
