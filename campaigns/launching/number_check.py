"""Check before a launch that recipients have numbers where a template compares numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Expression, F, Func, QuerySet, TextField, Value
from django.utils.translation import gettext

from campaigns.models import Contact, Content, Task
from campaigns.rendering import content
from campaigns.rendering.liquid.numbers import NUMBER_TEXT
from campaigns.state import lifecycle

OWN = ("name", "email")
"""What is no attribute of a contact, though templates see it as one."""


def check_numbers(task: Task, frozen: Content) -> None:
    """Raise TemplateError if a message of this content, not saved yet, could not be rendered since
    a text is compared with a number. May scan the audience, once for each attribute compared.
    """
    if content.is_plain(frozen):
        return
    for part, line, keys in content.compared_with_numbers(frozen):
        wrong = _without_number(lifecycle.expected_contacts(task), keys)
        if example := wrong.first():
            name = ".".join(map(str, keys))
            raise content.TemplateError(
                part,
                gettext(
                    "“%(name)s” is compared with a number, and %(count)s of the recipients have "
                    "another text there, such as “%(compared)s” of %(example)s. Correct them or "
                    "leave them out; {%% assign n = %(name)s | plus: 0 %%} takes them for 0"
                )
                % {
                    "name": name,
                    "count": f"{wrong.count():,}",
                    "compared": example.compared[:50],
                    "example": example,
                },
                line,
            )


def _without_number(contacts: QuerySet[Contact], keys: Sequence[str | int]) -> QuerySet[Any]:
    """Those with a text that is neither empty nor a number."""
    if keys[0] in OWN:
        if len(keys) > 1:
            return contacts.none()
        found = contacts.annotate(compared=F(str(keys[0])))
    else:
        kind = Func(_at(keys, "jsonb_extract_path"), function="jsonb_typeof")
        found = contacts.annotate(compared=_at(keys, "jsonb_extract_path_text"), kind=kind).filter(
            kind="string"
        )
    return found.filter(compared__regex=r"\S").exclude(compared__regex=NUMBER_TEXT).order_by("pk")


def _at(keys: Sequence[str | int], function: str) -> Expression:
    path = [Value(str(key)) for key in keys]
    return Func(F("attributes"), *path, function=function, output_field=TextField())
