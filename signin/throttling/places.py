"""The network location of a request."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest

IPV6_PREFIX = 64  # what one customer of a provider has at least
WIDE_PREFIX = 48  # what one customer may have at most


def address_of(request: HttpRequest) -> str:
    """The client's IP address; behind our proxy the one that the proxy saw, which is the last in
    X-Forwarded-For. Empty when there is none, or when what stands there is no address.
    """
    if settings.BEHIND_TLS_PROXY:
        text = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    else:
        text = str(request.META.get("REMOTE_ADDR", ""))
    try:
        return str(_parsed(text))
    except ValueError:
        return ""


def network_of(address: str) -> str:
    """What counts as one place: an IPv4 address, or the /64 of an IPv6 address."""
    return _network(address, IPV6_PREFIX)


def wide_network_of(address: str) -> str:
    """The /48 of an IPv6 address, which has 65,536 places. Empty for IPv4, which has none."""
    return _network(address, WIDE_PREFIX) if ":" in address else ""


def _network(address: str, prefix: int) -> str:
    if not address:
        return ""
    parsed = _parsed(address)
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, prefix), strict=False).network_address)


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Without a zone, and an IPv4 address as such where it is written as IPv6."""
    parsed = ipaddress.ip_address(text.partition("%")[0])
    return getattr(parsed, "ipv4_mapped", None) or parsed
