"""What is wrong with the address of a link or an image, read as browsers read it (WHATWG URL)."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from ada_url import URL
from django.utils.translation import gettext

from campaigns.rendering.liquid.environment import markup_in

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_REMOVED = str.maketrans("", "", "\t\r\n")
_AROUND = "".join(map(chr, range(33)))
_NEVER_FOLLOWED = frozenset({"javascript", "vbscript", "data", "file", "blob", "about"})
_OTHER_PROGRAMS = frozenset({"mailto", "tel", "sms", "callto", "facetime", "geo", "webcal"})
_PRIVATE_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "test")
"""Last labels of hosts that are known inside a network alone (RFC 6761, RFC 6762, ICANN's list)."""
_LOOKS_LIKE_HOST = re.compile(r"(?:[\w-]+\.)+[^\W\d]{2,}(?:[:/?#]|\Z)")
_STAND_IN = "x"


class Wrong(NamedTuple):
    """`kind` groups what is wrong with several addresses."""

    kind: str
    why: str


def wrong_with(address: str, *, of_image: bool = False) -> list[Wrong]:
    """Of an attribute with its character references decoded. What Liquid prints is not known: such
    an address is judged by what stands before.
    """
    address = address.translate(_REMOVED).strip(_AROUND)
    first = next(markup_in(address), None)
    if first is not None and first.start == 0:
        return []
    if not address or (address == "#" and not of_image):
        return [Wrong("empty", gettext("leads nowhere"))]
    if address.startswith("#") and not of_image:
        return []
    known = address[: first.start] + _STAND_IN if first else address
    scheme = _SCHEME.match(known)
    if scheme is None:
        return [_without_scheme(known)]
    name = scheme[1].lower()
    if name in ("http", "https"):
        return list(_of_web(known, name, is_whole=first is None))
    return _of_another(name, known, of_image=of_image)


def _without_scheme(address: str) -> Wrong:
    if _LOOKS_LIKE_HOST.match(address):
        return Wrong("form", gettext("begins without https://, so that it leads nowhere"))
    if address.startswith("//"):
        return Wrong(
            "form", gettext("begins without https:, which programs outside a browser do not add")
        )
    return Wrong("form", gettext("is relative to a page, and a message is no page"))


def _of_another(name: str, address: str, *, of_image: bool) -> list[Wrong]:
    if of_image:
        if name in ("data", "cid"):
            return []
        return [
            Wrong("form", gettext("begins with %(name)s:, which shows no image") % {"name": name})
        ]
    if name in _NEVER_FOLLOWED:
        return [
            Wrong(
                "form",
                gettext("begins with %(name)s:, which mail programs take out") % {"name": name},
            )
        ]
    if name == "mailto" and "@" not in address and "%40" not in address:
        return [Wrong("form", gettext("is mailto: without an address"))]
    if name in _OTHER_PROGRAMS:
        return []
    return [Wrong("form", gettext("begins with %(name)s:, which is not https:") % {"name": name})]


def _of_web(address: str, scheme: str, *, is_whole: bool) -> list[Wrong]:
    try:
        url = URL(address)
    except ValueError:
        return [Wrong("form", gettext("is not an address that browsers can read"))]
    wrong = []
    host = url.hostname.rstrip(".")
    ends_in_host = not is_whole and address.count("/") <= 2
    if ends_in_host:
        return [Wrong("http", "")] if scheme == "http" else []
    if not address[len(scheme) + 1 :].startswith("//"):
        wrong.append(Wrong("form", gettext("has not two slashes after its scheme")))
    if url.username or url.password:
        wrong.append(
            Wrong("user", gettext("has a user name before its host, as forged links have"))
        )
    if private := _private(host):
        wrong.append(Wrong("private", private))
    elif ".." in host or "." not in host:
        wrong.append(
            Wrong(
                "form",
                gettext("names “%(host)s”, which is no host on the internet") % {"host": host},
            )
        )
    if scheme == "http":
        wrong.append(Wrong("http", ""))
    return wrong


def _private(host: str) -> str:
    """Why a host is known to none of the recipients, or looks forged; "" for another."""
    try:
        ip = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        is_inside = host.rpartition(".")[2].lower() in _PRIVATE_NAMES
        return (
            gettext("leads to “%(host)s”, which only your network knows") % {"host": host}
            if is_inside
            else ""
        )
    if not ip.is_global:
        return gettext("leads to %(ip)s, which only your network or machine knows") % {"ip": ip}
    return gettext("leads to the number %(ip)s, as forged links do") % {"ip": ip}


def host_of(address: str) -> str:
    """Of a web address, or of a text that shows one; "" for none that can be read."""
    address = address.translate(_REMOVED).strip(_AROUND)
    if "://" not in address[:12]:
        address = f"https://{address.lstrip('/')}"
    try:
        host = str(URL(address).hostname).rstrip(".").lower()
    except ValueError:
        return ""
    return host.removeprefix("www.")
