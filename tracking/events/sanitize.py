"""Clean untrusted input for the database. Never raises, for any input."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import json
import math
import re
from collections.abc import Mapping
from typing import Any

MAX_RAW = 50_000  # characters of JSON
MAX_DEPTH = 20
MAX_ITEMS = 2_000
MAX_TEXT = 10_000  # characters of one text in a payload
MAX_NUMBER_BITS = 1_000
LARGEST_KEY = 2**63 - 1
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_LIKE_AN_ADDRESS = re.compile(r"[0-9A-Fa-f.:]{2,45}")
_IPV4_NETWORK, _IPV6_NETWORK = 24, 48  # bits of an address that are kept


def text(value: object, limit: int) -> str:
    """The text without characters that PostgreSQL cannot store, cut to `limit` characters; "" for
    other types."""
    # No more is looked at than can be needed, unless half of it cannot be stored.
    return _UNSTORABLE.sub("", value[: 2 * limit])[:limit] if isinstance(value, str) else ""


def key(value: object, limit: int) -> str:
    """As `text`, but different keys stay different: a long one is replaced by its digest."""
    cleaned = text(value, MAX_RAW)
    whole = value if isinstance(value, str) else ""
    if len(whole) <= limit and cleaned == whole:
        return cleaned
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def number(value: object) -> int | None:
    """A primary key, or None for a value that cannot be one."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= LARGEST_KEY:
        return None
    return value


def moment(value: object) -> dt.datetime | None:
    """A time in UTC; a time without a zone is taken as UTC; None for an invalid one.

    PostgreSQL refuses zones that are more than 16 hours away.
    """
    if not isinstance(value, dt.datetime) or not 1970 <= value.year <= 2200:
        return None
    return value.astimezone(dt.UTC) if value.tzinfo else value.replace(tzinfo=dt.UTC)


def network(value: object) -> str:
    """An IP address without the part that identifies a person; "" for an invalid one."""
    try:
        address = ipaddress.ip_address(text(value, 100).strip().partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    bits = _IPV4_NETWORK if address.version == 4 else _IPV6_NETWORK
    return str(ipaddress.ip_network((address, bits), strict=False).network_address)


def payload(raw: object) -> str:
    """A payload as JSON that PostgreSQL accepts, its IP addresses cut to their networks. Parts that
    are too large are left out."""
    cleaned = _Payload().clean(raw, MAX_DEPTH)
    encoded = json.dumps(cleaned, ensure_ascii=False, allow_nan=False)
    if len(encoded) > MAX_RAW:
        encoded = json.dumps({"too_large": encoded[: MAX_RAW // 10]}, ensure_ascii=False)
    return encoded


class _Payload:
    """Cleans one payload; counts its items, so that the work for a nested one stays bounded."""

    def __init__(self) -> None:
        self._items = 0

    def clean(self, value: object, depth: int) -> Any:
        self._items += 1
        if self._items > MAX_ITEMS or depth <= 0:
            return "…"
        match value:
            case None | bool():
                return value
            case int():
                return value if value.bit_length() <= MAX_NUMBER_BITS else "…"
            case float():
                return value if math.isfinite(value) else str(value)
            case str():
                return self._text(value)
            case Mapping():
                return self._mapping(value, depth)
            case list() | tuple():
                return [self.clean(item, depth - 1) for item in value[:MAX_ITEMS]]
        return text(str(type(value).__name__), 100)

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        cleaned = {}
        for name, item in value.items():
            if self._items > MAX_ITEMS:
                break
            name = name if isinstance(name, str) else type(name).__name__
            cleaned[text(name, 200)] = self.clean(item, depth - 1)
        return cleaned

    def _text(self, value: str) -> str:
        cleaned = text(value, MAX_TEXT)
        if _LIKE_AN_ADDRESS.fullmatch(cleaned) and (cut := network(cleaned)):
            return cut
        return cleaned
