"""Connect to hosts that staff entered, at permitted addresses only.

Mail servers, mailboxes, the APIs of providers and the webhooks of staff are reached through here
alone: when a connection is tested and when mail is sent. A name is resolved once, and the
connection is made to the very address that was judged, so that no second answer of the DNS can lead
elsewhere.

* Link-local addresses, those of the metadata of clouds, multicast and reserved ones: never.
* Loopback: at LOOPBACK_PORTS. Other networks in INTERNAL_NETWORKS: at INTERNAL_PORTS.
* What is neither in those networks nor public: never.
* The webhooks of staff: public addresses, and those in NOTICE_WEBHOOK_NETWORKS.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_noop

MOST_ADDRESSES = 8
"""Of one name that are tried."""

NEVER = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "169.254.0.0/16",  # link-local, with the metadata of most clouds
            "100.100.100.200/32",  # metadata (Alibaba)
            "168.63.129.16/32",  # metadata (Azure)
            "192.0.0.0/24",  # protocol assignments, with metadata (Oracle)
            "224.0.0.0/4",
            "240.0.0.0/4",
            "::/128",
            "fd00:ec2::/32",  # metadata (AWS)
            "fd20:ce::/32",  # metadata (Google)
            "fd00:42::42/128",  # metadata (Scaleway)
            "fd00:c1::a9fe:a9fe/128",  # metadata (Oracle)
            "fe80::/10",
            "fec0::/10",
            "ff00::/8",
            # IPv4 addresses in the clothes of others, which tunnels would undress.
            "::/96",
            "2002::/16",
            "2001::/32",
            "64:ff9b:1::/48",
            "::ffff:0:0:0/96",
            "192.88.99.0/24",
            # Reserved, which older versions of Python take for public.
            "3fff::/20",
            "5f00::/16",
        ),
    )
)
NAT64 = ip_network("64:ff9b::/96")

Address = IPv4Address | IPv6Address
Judge = Callable[[str, int], bool]
"""Whether an IP address may be connected to at a port."""


class AddressForbidden(OSError):
    """No address of the host may be connected to. The text does not tell which it has."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            gettext_noop(
                "%(host)s port %(port)s leads to an address that may not be connected "
                "to: inside only what INTERNAL_NETWORKS, INTERNAL_PORTS and "
                "LOOPBACK_PORTS name may be"
            )
            % {"host": host, "port": port}
        )


def is_allowed(address: str, port: int) -> bool:
    """Whether an IP address may be connected to at this port."""
    try:
        found = _undressed(ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    if found.is_loopback:
        return _is_internal(found) and _is_among(port, settings.LOOPBACK_PORTS)
    if any(found in network for network in NEVER):
        return False
    if _is_internal(found):
        return _is_among(port, settings.INTERNAL_PORTS)
    return found.is_global


def is_open_to_webhooks(address: str, port: int) -> bool:
    """Whether staff may have notices posted there, whom no one trusts with the inside."""
    try:
        found = _undressed(ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    if any(found in network for network in NEVER):
        return False
    if any(found in network for network in _networks(tuple(settings.NOTICE_WEBHOOK_NETWORKS))):
        return True
    return found.is_global and not _is_internal(found)


def connect(host: str, port: int, timeout: float, is_open: Judge | None = None) -> socket.socket:
    """A connection to one of the host's addresses that may be connected to; `timeout` (seconds) is
    for all of them together. Raises AddressForbidden, or OSError of the last one that was tried.
    """
    deadline = time.monotonic() + timeout
    failure: OSError | None = None
    for family, address in resolve(host, port, is_open)[:MOST_ADDRESSES]:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(max(0.001, deadline - time.monotonic()))
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
            if time.monotonic() >= deadline:
                raise TimeoutError(gettext_noop("timed out")) from error
        except BaseException:  # also when interrupted: no connection is left open
            sock.close()
            raise
        else:
            sock.settimeout(timeout)
            return sock
    assert failure is not None
    raise failure


def resolve(
    host: str, port: int, is_open: Judge | None = None
) -> list[tuple[socket.AddressFamily, Any]]:
    """The addresses of a host that may be connected to, by `is_allowed` if nothing else judges.
    Raises AddressForbidden when there are none, OSError or UnicodeError when the name does not lead
    anywhere.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    allowed: list[tuple[socket.AddressFamily, Any]] = [
        (family, address)
        for family, _, _, _, address in found
        if (is_open or is_allowed)(str(address[0]), port)
    ]
    if not allowed:
        raise AddressForbidden(host, port)
    return allowed


def _undressed(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where the system or a usual gateway takes it
    for that.
    """
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _is_internal(address: Address) -> bool:
    return any(address in network for network in _networks(tuple(settings.INTERNAL_NETWORKS)))


@lru_cache(maxsize=8)
def _networks(texts: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ip_network(text) for text in texts)


def _is_among(port: int, ranges: Sequence[tuple[int, int]]) -> bool:
    return any(first <= port <= last for first, last in ranges)
