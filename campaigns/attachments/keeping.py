"""Take files in, freeze those of a campaign, and sweep what no campaign has any more."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from django.db import connection
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.attachments import names, types
from campaigns.attachments.names import Refused
from campaigns.models import Attachment, AttachmentData, Content, FrozenAttachment, Task
from sandbox import Failed, LimitReached

MOST_FILES = 10
MOST_MEGABYTES = 25
MOST_OCTETS = MOST_MEGABYTES * 1_000_000
"""Of all files of a campaign together."""
SWEPT_AFTER = dt.timedelta(days=1)
TOO_LARGE = _(
    "The files of a campaign have %(megabytes)s MB together at most. Put large "
    "ones on a website, and link to them."
)


def too_large() -> str:
    return str(TOO_LARGE) % {"megabytes": MOST_MEGABYTES}


KEEP_SQL = """
INSERT INTO campaigns_attachmentdata (digest, data) VALUES (%s, %s)
ON CONFLICT (digest) DO UPDATE SET wanted_at = now()
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that may go out."""

    name: str
    content_type: str
    data: bytes


def take(name: str, data: bytes) -> Taken:
    """Raises Refused."""
    if len(data) > MOST_OCTETS:
        raise Refused(too_large())
    name = names.clean(name)
    try:
        return Taken(name, types.type_of(name, data), data)
    except LimitReached as error:
        raise Refused(
            gettext("“%(name)s” cannot be looked at: it %(error)s.")
            % {"name": name, "error": error}
        ) from error
    except Failed as error:
        raise Refused(gettext("The file could not be looked at just now. Try again.")) from error


def put(attachment: Attachment, taken: Taken) -> None:
    """Give an attachment, not saved yet, its file. Call in a transaction: until its end the bytes
    are not swept.
    """
    digest = hashlib.sha256(taken.data).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(KEEP_SQL, [digest, taken.data])
    attachment.data_id, attachment.octets = digest, len(taken.data)
    attachment.name, attachment.content_type = taken.name, taken.content_type


def freeze(content: Content, task: Task) -> None:
    """Call in the transaction of the launch, after the content was saved."""
    files = Attachment.objects.filter(task=task).order_by("pk")
    FrozenAttachment.objects.bulk_create(
        FrozenAttachment(
            content=content,
            data_id=file.data_id,
            name=file.name,
            content_type=file.content_type,
            octets=file.octets,
        )
        for file in files
    )


def copy(task: Task, to: Task) -> None:
    Attachment.objects.bulk_create(
        Attachment(
            task=to,
            data_id=file.data_id,
            name=file.name,
            content_type=file.content_type,
            octets=file.octets,
        )
        for file in Attachment.objects.filter(task=task).order_by("pk")
    )


def sweep() -> int:
    """Delete bytes that no campaign refers to. Returns how many files."""
    drafts = Attachment.objects.filter(data=OuterRef("pk"))
    frozen = FrozenAttachment.objects.filter(data=OuterRef("pk"))
    old = AttachmentData.objects.filter(wanted_at__lt=Now() - SWEPT_AFTER)
    swept: int = old.filter(~Exists(drafts), ~Exists(frozen))._raw_delete(using="default")
    return swept
