"""The contacts that a condition holds, and whether it can be used at all."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext

from campaigns.models import Contact, Segment
from campaigns.segments.fields import Catalogue
from campaigns.segments.moment import Moment
from campaigns.segments.questions import parse, question
from campaigns.segments.sql.compiling import compile_condition, compile_segment
from campaigns.segments.tree import ConditionError, write


def contacts_in(owner_id: int, raw: object, at: Moment | None = None) -> QuerySet[Contact]:
    """The owner's contacts that a condition holds; none where it cannot be used. Relative dates
    count from `at`, which is now.
    """
    contacts: QuerySet[Contact] = Contact.objects.filter(owner=owner_id)
    try:
        return contacts.filter(compile_condition(owner_id, raw, at=at))
    except ConditionError:
        return contacts.none()


def contacts_of(segment: Segment, at: Moment | None = None) -> QuerySet[Contact]:
    """The contacts in a segment; none where it cannot be used."""
    return contacts_in(segment.owner_id, segment.condition, at)


def checked(owner_id: int, raw: object, segment: Segment | None = None) -> dict[str, object]:
    """The condition as it is to be stored in a segment. Raises ConditionError for one that cannot
    be used, also because it names what is not the owner's, or would use itself.
    """
    catalogue = Catalogue(owner_id)
    group = parse(raw, catalogue)
    for line in group.lines():
        asked = question(line, catalogue)
        known = [value for value, _ in asked.field.choices]
        chosen = asked.value if isinstance(asked.value, list) else [asked.value]
        if asked.operator.input in ("choice", "choices") and not set(chosen) <= set(known):
            raise ConditionError(gettext("Choose one of the list."), (*line.path, "value"))
    compile_condition(owner_id, write(group), (segment,) if segment and segment.pk else ())
    return write(group)


def problem_of(segment: Segment, at: Moment | None = None) -> str:
    """Why a segment cannot be used, for staff; "" when it can."""
    try:
        compile_segment(segment, at)
    except ConditionError as error:
        return error.message
    return ""
