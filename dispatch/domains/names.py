"""Asking the DNS. What does not exist is an empty answer; what cannot be asked is an error."""

from __future__ import annotations

import ipaddress
import itertools
import time

import dns.exception
import dns.name
import dns.nameserver
import dns.resolver
import dns.reversename
from django.conf import settings
from django.utils.translation import gettext_noop

LIFETIME_SECONDS = 4.0
"""How long one name may take, with all repetitions."""
TRY_SECONDS = 1.5
MOST_QUESTIONS = 100
"""In one round: a receiver stops far sooner, and each may take LIFETIME_SECONDS."""
MOST_SECONDS = 60.0
"""That one round may take."""
MOST_RECORDS = 100
"""Of one answer that are looked at."""
LONGEST_TEXT = 16_384
"""Characters of a TXT record that are looked at."""
RESERVED = (
    "example", "test", "invalid", "localhost", "local", "internal",
    "example.com", "example.net", "example.org",
)  # fmt: skip
"""Names for documentation, tests and private networks (RFC 2606, 6761, 6762, 9476)."""

_NO_NAMES = (
    dns.name.EmptyLabel, dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.BadEscape,
    dns.name.IDNAException,
)  # fmt: skip
"""What is no name of a host cannot exist, and may stand in a record all the same."""

_ANY = "any"
_NO_SUCH_NAME = ["no such name"]


class CouldNotAsk(Exception):
    """No answer, or a server failure: nothing is known about the name. The message says which."""


def is_reserved(domain: str) -> bool:
    """Whether the public DNS cannot know it. A name server of one's own may."""
    if settings.DNS_NAMESERVERS:
        return False
    return any(domain == name or domain.endswith(f".{name}") for name in RESERVED)


class Names:
    """One round of questions, each asked once: a check asks for the same names again and again."""

    def __init__(self) -> None:
        self._resolver = _resolver()
        self._known: dict[tuple[str, str], list[str]] = {}
        self._until = time.monotonic() + MOST_SECONDS

    def texts(self, name: str) -> list[str]:
        """The TXT records, the strings of each put together."""
        return self._ask(name, "TXT")

    def mail_servers(self, name: str) -> list[str]:
        """The hosts of the MX records; "" stands for the one that takes no mail (RFC 7505)."""
        return [text.split()[-1].rstrip(".") for text in self._ask(name, "MX")]

    def addresses(self, name: str) -> list[str]:
        return [*self._ask(name, "A"), *self._ask(name, "AAAA")]

    def names_of(self, address: str) -> list[str]:
        """The PTR records of an IP address."""
        pointer = dns.reversename.from_address(address).to_text()
        return [name.rstrip(".").lower() for name in self._ask(pointer, "PTR")]

    def exists(self, name: str) -> bool:
        """Whether the DNS knows the name, or one below it, with records of any kind."""
        return self._ask(name, _ANY) != _NO_SUCH_NAME

    def _ask(self, name: str, kind: str) -> list[str]:
        key = (name.lower(), kind)
        if key not in self._known:
            if len(self._known) >= MOST_QUESTIONS or time.monotonic() > self._until:
                raise CouldNotAsk(gettext_noop("its records ask for too many others"))
            self._known[key] = self._look_up(name, kind)
        return self._known[key]

    def _look_up(self, name: str, kind: str) -> list[str]:
        """Of _ANY what there is does not matter, only whether there is anything."""
        try:
            answer = self._resolver.resolve(name, "A" if kind == _ANY else kind, search=False)
        except dns.resolver.NXDOMAIN:
            return _NO_SUCH_NAME if kind == _ANY else []
        except (dns.resolver.NoAnswer, *_NO_NAMES):
            return []
        except dns.exception.Timeout as error:
            raise CouldNotAsk(
                gettext_noop("no server answered about %(name)s (%(kind)s) in time")
                % {"name": name, "kind": kind}
            ) from error
        except (dns.exception.DNSException, OSError, ValueError) as error:
            raise CouldNotAsk(
                gettext_noop("the name servers failed at %(name)s (%(kind)s)")
                % {"name": name, "kind": kind}
            ) from error
        return [_text(record, kind) for record in itertools.islice(answer, MOST_RECORDS)]


def _text(record: object, kind: str) -> str:
    if kind == "TXT":
        strings: tuple[bytes, ...] = record.strings  # type: ignore[attr-defined]  # of a TXT
        return _printable(b"".join(strings).decode("utf-8", "replace")[:LONGEST_TEXT])
    return str(record)


def _printable(text: str) -> str:
    """What is shown and stored of it has no sign that cannot be, and each is still a wrong one."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def _resolver() -> dns.resolver.Resolver:
    """Raises CouldNotAsk when the machine has no name servers."""
    try:
        resolver = dns.resolver.Resolver(configure=not settings.DNS_NAMESERVERS)
    except dns.exception.DNSException as error:
        raise CouldNotAsk(
            gettext_noop("this machine knows no name servers; set DNS_NAMESERVERS")
        ) from error
    if settings.DNS_NAMESERVERS:
        resolver.nameservers = [_nameserver(each) for each in settings.DNS_NAMESERVERS]
    resolver.timeout, resolver.lifetime = TRY_SECONDS, LIFETIME_SECONDS
    return resolver


def _nameserver(text: str) -> dns.nameserver.Nameserver:
    host, port = split_port(text)
    return dns.nameserver.Do53Nameserver(host, port)


def split_port(text: str) -> tuple[str, int]:
    """An IP address with its port, 53 where none is given: 192.0.2.1:5353, [2001:db8::1]:53."""
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        return host, int(port.lstrip(":") or 53)
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return host, int(port)
    return str(ipaddress.ip_address(text)), 53
