"""The files of frozen content, kept encoded in the process that sends, within a bound of memory."""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache

from django.db.models import QuerySet

from campaigns.models import Attachment, Content, FrozenAttachment, Task
from dispatch.message.attached import NOTHING, Attached, File

MOST_KEPT = 60_000_000
"""Octets of files. What is made of them has up to four times as many."""

Key = tuple[tuple[str, str, str], ...]
_kept: OrderedDict[Key, Attached] = OrderedDict()


def attached_to(content: Content) -> Attached:
    """Reads the database when they are not kept; not at all for content without any. Variants with
    the same files share them. Call from the thread that has the database.
    """
    if not content.attachment_count:
        return NOTHING
    key = _key(content.pk)
    if (found := _kept.get(key)) is None:
        found = _kept[key] = _read(FrozenAttachment.objects.filter(content=content))
    _kept.move_to_end(key)
    while len(_kept) > 1 and sum(each.octets for each in _kept.values()) > MOST_KEPT:
        _kept.popitem(last=False)
    return found


def of_draft(task: Task) -> Attached:
    """As a launch now would freeze them, for a test. Not kept."""
    return _read(Attachment.objects.filter(task=task))


@lru_cache(maxsize=256)
def _key(content_id: int) -> Key:
    files = FrozenAttachment.objects.filter(content=content_id).order_by("pk")
    return tuple(files.values_list("data_id", "name", "content_type"))


def _read(files: QuerySet[Attachment] | QuerySet[FrozenAttachment]) -> Attached:
    return Attached(
        [
            File(file.name, file.content_type, bytes(file.data.data))
            for file in files.order_by("pk").select_related("data")
        ]
    )
