"""Merge tags into one: nothing that has or names one of them loses it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import connection, transaction
from django.db.models import ManyToOneRel
from django.utils.translation import gettext

from campaigns.models import Contact, Segment, Tag, Task, TaskStatus
from campaigns.segments import uses

CONTACTS_SQL = """
INSERT INTO campaigns_contact_tags (contact_id, tag_id)
SELECT DISTINCT contact_id, %s::bigint FROM campaigns_contact_tags WHERE tag_id = ANY(%s)
ORDER BY 1 ON CONFLICT DO NOTHING
"""
_OF_CONTACTS = Contact.tags.through
"""Millions of rows: in SQL."""


class CannotMerge(Exception):
    """The message is for staff."""


def merge(into: Tag, others: Collection[Tag]) -> None:
    """Give all that the others have to one tag, and delete them: contacts, tasks that include or
    exclude them, segments that name them, tags under them. Raises CannotMerge.
    """
    keys = sorted({tag.pk for tag in others} - {into.pk})
    with transaction.atomic():
        tags = Tag.objects.select_for_update().filter(pk__in=[into.pk, *keys])
        locked = list(tags.order_by("pk"))
        found = {tag.pk: tag for tag in locked}
        if into.pk not in found or not set(keys) <= set(found):
            raise CannotMerge(
                gettext("One of these tags was deleted meanwhile. Nothing was changed.")
            )
        if {tag.owner_id for tag in locked} != {into.owner_id}:
            raise CannotMerge(gettext("Only tags of one owner can be merged."))
        if not keys:
            raise CannotMerge(gettext("Choose at least two different tags."))
        _refuse_during_a_launch(into)
        _move_contacts(into, keys)
        _move_the_rest(into, keys)
        for key in keys:
            _rename_in_segments(found[key], into)
        _move_children(found[into.pk], keys)
        Tag.objects.filter(pk__in=keys).delete()


def _refuse_during_a_launch(tag: Tag) -> None:
    """Whom it mails must not change while it decides."""
    launching = Task.objects.filter(owner=tag.owner_id, status=TaskStatus.QUEUED).first()
    if launching:
        raise CannotMerge(
            gettext("“%(task)s” is being launched just now. Merge the tags when it is being sent.")
            % {"task": launching}
        )


def _move_contacts(into: Tag, keys: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(CONTACTS_SQL, [into.pk, keys])


def _move_the_rest(into: Tag, keys: list[int]) -> None:
    """All other tables that refer to tags, also those of higher apps."""
    for relation in Tag._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ManyToOneRel) or relation.related_model in (Tag, _OF_CONTACTS):
            continue
        rows = relation.related_model._base_manager
        name = relation.field.name
        if relation.related_model._meta.auto_created:
            _link(rows, name, into, keys)
        else:
            rows.filter(**{f"{name}__in": keys}).update(**{name: into})


def _link(rows: Any, name: str, into: Tag, keys: list[int]) -> None:
    """Rows of a table of links, such as of tasks and the tags they include. Those of the old tags
    go with these."""
    old = rows.filter(**{f"{name}__in": keys}).order_by("pk")
    made = [rows.model(**_with(row, f"{name}_id", into.pk)) for row in old]
    rows.bulk_create(made, ignore_conflicts=True)


def _with(row: Any, name: str, value: int) -> dict[str, Any]:
    values = {f.attname: getattr(row, f.attname) for f in row._meta.fields if not f.primary_key}
    return {**values, name: value}


def _rename_in_segments(tag: Tag, into: Tag) -> None:
    for segment in uses.segments_using(tag):
        locked = Segment.objects.select_for_update().get(pk=segment.pk)
        locked.condition = _renamed(locked.condition, tag.pk, into.pk)
        locked.save(update_fields=["condition"])


def _renamed(item: Any, old: int, new: int) -> Any:
    """A part of a condition; a line names a tag by its key."""
    if "lines" in item:
        return {**item, "lines": [_renamed(each, old, new) for each in item["lines"]]}
    is_named = item.get("field") == "tag" and item.get("value") == old
    return {**item, "value": new} if is_named else item


def _move_children(into: Tag, keys: list[int]) -> None:
    """Tags under those that go come under the one that stays; beside it, if that is under one."""
    children = Tag.objects.filter(parent__in=keys).exclude(pk=into.pk)
    if into.parent_id in keys:
        into.parent = None
        into.save(update_fields=["parent"])
    children.update(parent=into.parent_id or into.pk)
