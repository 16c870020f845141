"""Take a picture in, and take it away."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.db import connection, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.images import reencode
from campaigns.images.reencode import Picture, Refused
from campaigns.images.storage import DatabaseStorage
from campaigns.models import Image
from sandbox import Failed, LimitReached

NOT_REACHED = _("The store of pictures could not be reached.")


def understand(data: bytes) -> Picture:
    """What a file's picture becomes. Raises Refused."""
    try:
        return reencode.reencode(data)
    except LimitReached as error:
        raise Refused(
            gettext("The picture cannot be read: it %(error)s. Make it smaller.") % {"error": error}
        ) from error
    except Failed as error:
        raise Refused(
            gettext("The picture could not be read just now. Try again in a moment.")
        ) from error


def name_of(picture: Picture) -> str:
    """The name of its file, which depends on its content alone."""
    return f"{hashlib.sha256(picture.data).hexdigest()[:40]}.{picture.extension}"


def put(image: Image, picture: Picture, tell: Callable[[str], object]) -> Image:
    """Save an image with its picture. Where the owner has it already, that one is kept, and gets
    the name and words of this.

    The database takes the picture with the row; another store takes it after the commit, and when
    it does not, the row is taken back and `tell` says so. Locks the file's name.
    """
    name = name_of(picture)
    storage = image.file.storage
    with transaction.atomic():
        _lock(name, "pg_advisory_xact_lock")
        if known := Image.objects.filter(owner=image.owner_id, file=name).first():
            image.pk, image.created_at = known.pk, known.created_at
            image._state.adding = False
        image.width, image.height = picture.width, picture.height
        image.octets, image.file.name = len(picture.data), name
        image.save()
        if isinstance(storage, DatabaseStorage):
            storage.save(name, ContentFile(picture.data))
        else:
            transaction.on_commit(partial(_store, image, picture.data, known is None, tell))
    return image


def _store(image: Image, data: bytes, is_new: bool, tell: Callable[[str], object]) -> None:
    name = str(image.file.name)
    with _locked(name):
        try:
            image.file.storage.save(name, ContentFile(data))
        except (ClientError, BotoCoreError):
            if is_new:
                Image.objects.filter(pk=image.pk).delete()
            tell(
                gettext("%(problem)s The picture “%(image)s” was not kept. Try again later.")
                % {"problem": NOT_REACHED, "image": image}
            )


def remove(image: Image, tell: Callable[[str], object]) -> None:
    """Delete an image and, after the commit, its file, unless another owner has the same picture.
    `tell` says when the file could not be deleted.
    """
    name, storage = str(image.file.name), image.file.storage
    image.delete()
    transaction.on_commit(partial(_remove_file, storage, name, tell))


def _remove_file(storage: Storage, name: str, tell: Callable[[str], object]) -> None:
    with _locked(name):
        if Image.objects.filter(file=name).exists():
            return
        try:
            storage.delete(name)
        except (ClientError, BotoCoreError):
            tell(
                gettext("%(problem)s The picture's file is still there: %(name)s.")
                % {"problem": NOT_REACHED, "name": name}
            )


@contextmanager
def _locked(name: str) -> Iterator[None]:
    """Stored and removed by one at a time. A lock of the session: no transaction waits for another
    machine."""
    _lock(name, "pg_advisory_lock")
    try:
        yield
    finally:
        _lock(name, "pg_advisory_unlock")


def _lock(name: str, function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 11))", [f"image {name}"])
