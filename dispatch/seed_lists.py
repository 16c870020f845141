"""What seed lists hold of an address: exported and erased with all else about it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

from campaigns.erasure import Holder
from dispatch.models import SeedList


def of(address: str) -> Any:
    """The lists of all owners that have it."""
    return SeedList.objects.filter(addresses__contains=[address])


def export(address: str) -> list[dict[str, Any]]:
    rows = of(address).select_related("owner").order_by("pk")
    return [{"seed_list": row.name, "owner": str(row.owner)} for row in rows]


def forget(address: str) -> int:
    """Returns how many lists had it."""
    rows = list(of(address).select_for_update(of=("self",)).order_by("pk"))
    for row in rows:
        row.addresses.remove(address)
        row.save(update_fields=["addresses"])
    return len(rows)


NAME, PLURAL = gettext_noop("test address"), gettext_noop("test addresses")
HOLDER = Holder(NAME, PLURAL, export, forget, lambda address: of(address).count())
