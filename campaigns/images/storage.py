"""Keep the bytes of pictures in the database, which all hosts share."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.db.models.functions import Length
from django.urls import reverse
from django.utils.deconstruct import deconstructible


def _rows() -> Any:
    """The storage is there before the models are."""
    return apps.get_model("campaigns", "ImageData")._default_manager


@deconstructible
class DatabaseStorage(Storage):
    """Files named by their content: one of the same name is the same."""

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        try:
            data = _rows().get(name=name).data
        except ObjectDoesNotExist:
            raise FileNotFoundError(name) from None
        return ContentFile(bytes(data), name=name)

    def _save(self, name: str, content: File[bytes]) -> str:
        _rows().get_or_create(name=name, defaults={"data": content.read()})
        return name

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def exists(self, name: str) -> bool:
        return bool(_rows().filter(name=name).exists())

    def delete(self, name: str) -> None:
        _rows().filter(name=name).delete()

    def size(self, name: str) -> int:
        lengths = _rows().filter(name=name).annotate(octets=Length("data"))
        found: Any = lengths.values_list("octets", flat=True).first()
        return found or 0

    def url(self, name: str | None) -> str:
        """Whole, as messages have it."""
        return f"{settings.PUBLIC_URL}{reverse('image', args=[name])}"
