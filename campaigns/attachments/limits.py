"""Whether the services of a campaign take its files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from django.utils.translation import gettext

from campaigns.attachments.names import extension
from campaigns.models import Attachment, Task, Template

ENVELOPE = 20_000
"""Octets of headers and of what is between the parts, generously."""


class Limit(NamedTuple):
    """What a service takes. `octets` are those of a whole message, as it travels; 0 when there is
    no limit. `endings` are those of the names of files, none when it takes all.
    """

    service: str
    octets: int
    endings: frozenset[str] = frozenset()


OF_SERVICES: list[Callable[[Task], Sequence[Limit]]] = []
"""Functions of dependent apps (dispatch) that know the services by which a campaign may go."""


def problems(task: Task) -> list[str]:
    """Why a campaign cannot go out with its files, in sentences; none without any."""
    files = list(Attachment.objects.filter(task=task).order_by("pk"))
    if not files:
        return []
    limits = [limit for each in OF_SERVICES for limit in each(task)]
    return [*_too_large(task, files, limits), *_not_taken(files, limits)]


def encoded(octets: int) -> int:
    """In base64, with a line end after each 76 characters."""
    return -(-octets // 3) * 4 + -(-octets // 57) * 2


def _too_large(task: Task, files: Sequence[Attachment], limits: Sequence[Limit]) -> list[str]:
    size = sum(encoded(file.octets) for file in files) + _of_texts(task) + ENVELOPE
    exceeded = [limit for limit in limits if 0 < limit.octets < size]
    if not exceeded:
        return []
    smallest = min(exceeded, key=lambda limit: limit.octets)
    return [
        gettext(
            "With its files a message has %(size)s MB as it travels, a third more than the "
            "files themselves; %(service)s takes %(most)s MB. Attach less, or choose other "
            "email services."
        )
        % {
            "size": f"{size / 1e6:.1f}",
            "service": smallest.service,
            "most": f"{smallest.octets / 1e6:g}",
        }
    ]


def _of_texts(task: Task) -> int:
    """Of the largest template, in an encoding that makes it no larger than this."""
    templates = Template.objects.filter(tasktemplate__task=task)
    texts = [len(each.html.encode()) + len(each.text.encode()) for each in templates]
    return encoded(max(texts, default=0))


def _not_taken(files: Sequence[Attachment], limits: Sequence[Limit]) -> list[str]:
    return [
        gettext(
            "%(service)s does not take “%(file)s”. Attach another kind of file, or choose "
            "other email services."
        )
        % {"service": limit.service, "file": file.name}
        for limit in limits
        for file in files
        if limit.endings and extension(file.name) not in limit.endings
    ]
