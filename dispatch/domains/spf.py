"""SPF (RFC 7208): who may send for the domain."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from admin_kit.words.numbers import number
from dispatch.domains.check import Check, Verdict
from dispatch.domains.names import Names

NAME = "SPF"
MOST_LOOKUPS = 10
MOST_VOID = 2  # look-ups that find nothing
MOST_MAIL_SERVERS = 10  # of one mx
LONGEST_RECORD = 4_096  # characters
"""Where a receiver stops and takes the record for broken (RFC 7208, 4.6.4)."""
_MECHANISM = re.compile(
    r"([+?~-]?)(?:(all)|(include|exists):(\S+)|(a|mx|ptr)(?::([^\s/]+))?(?:/\d{1,2})?(?://\d{1,3})?|"
    r"(ip[46]):(\S+))",
    re.I,
)
_MODIFIER = re.compile(r"([a-z][a-z0-9._-]*)=(\S*)", re.I)


class _Broken(Exception):
    """The message goes on from “The SPF record …”."""


def check(names: Names, domain: str, host: str) -> Check:
    """`host` is the server that mail goes out by, "" where it is the provider's affair. Raises
    CouldNotAsk.
    """
    publish = gettext_noop('%(domain)s  TXT  "v=spf1 %(reason)s -all"') % {
        "domain": domain,
        "reason": _mechanism(host),
    }
    records = _records(names, domain)
    if not records:
        words = gettext_noop(
            "There is no SPF record: it is unknown who may send for the domain, and the large "
            "mailbox providers refuse bulk mail without one or put it with the spam."
        )
        return Check(NAME, Verdict.PROBLEM, words, publish)
    try:
        return _judge(names, domain, records)
    except _Broken as error:
        words = gettext_noop(
            "The SPF record %(reason)s: receivers take it for broken, as if there was none."
        ) % {"reason": error}
        return Check(NAME, Verdict.PROBLEM, words, publish)


def _mechanism(host: str) -> str:
    """What lets mail out by this server."""
    try:
        return f"ip{ipaddress.ip_address(host).version}:{host}"
    except ValueError:
        return f"a:{host}" if host else gettext_noop("include:<the name that your provider gives>")


def _records(names: Names, domain: str) -> list[str]:
    return [text for text in names.texts(domain) if re.match(r"v=spf1(\s|$)", text, re.IGNORECASE)]


def _judge(names: Names, domain: str, records: list[str]) -> Check:
    walk = _Walk(names)
    sign = walk.follow(domain, records, ())
    if sign == "+":
        words = gettext_noop(
            "The SPF record lets everybody send for the domain; providers distrust it."
        )
        return Check(
            NAME, Verdict.PROBLEM, words, gettext_noop("End the record with -all or ~all.")
        )
    if not walk.lets_somebody:
        words = gettext_noop(
            "The SPF record lets no server send for the domain: all of its mail fails the check."
        )
        return Check(
            NAME, Verdict.PROBLEM, words, gettext_noop("Name your server or provider before “all”.")
        )
    if sign in ("", "?"):
        words = gettext_noop(
            "The SPF record does not forbid others to send: forged mail passes for it."
        )
        return Check(
            NAME, Verdict.WARNING, words, gettext_noop("End the record with -all or ~all.")
        )
    return Check(
        NAME,
        Verdict.OK,
        gettext_noop("The record says who may send, with %(count)s look-ups.")
        % {"count": walk.lookups},
    )


@dataclass(frozen=True, slots=True)
class _Term:
    """A mechanism with its sign, or the modifier `redirect`. `target` is what it looks up."""

    kind: str
    target: str = ""
    sign: str = ""

    @property
    def is_known(self) -> bool:
        """Whether its target is the same for every message."""
        return "%" not in self.target


class _Walk:
    """The way of a receiver through a record and those that it includes, when nothing matches."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._void = 0
        self.lookups = 0
        self.lets_somebody = False

    def follow(self, domain: str, records: list[str], above: tuple[str, ...]) -> str:
        """The sign of what everybody else comes to, "" for none. Raises _Broken."""
        if len(records) != 1:
            text = gettext_noop("of %(domain)s is missing")
            if records:
                text = gettext_noop("of %(domain)s is there %(count)s times")
            raise _Broken(text % {"domain": domain, "count": len(records)})
        if domain in above:
            raise _Broken(gettext_noop("of %(domain)s includes itself") % {"domain": domain})
        redirect = None
        if len(records[0]) > LONGEST_RECORD:
            raise _Broken(
                gettext_noop("of %(domain)s is longer than %(most)s characters")
                % {"domain": domain, "most": number(LONGEST_RECORD)}
            )
        for term in [_term(text, domain) for text in records[0].split()[1:]]:
            if term.kind == "redirect":
                if redirect:
                    raise _Broken(
                        gettext_noop("of %(domain)s has two redirects") % {"domain": domain}
                    )
                redirect = term
            elif self._is_for_everybody(term, (*above, domain)):
                return term.sign
        return self._record_of(redirect, (*above, domain)) if redirect else ""

    def _is_for_everybody(self, term: _Term, above: tuple[str, ...]) -> bool:
        if term.kind == "include":
            return self._record_of(term, above) == "+"
        if term.kind in ("a", "mx", "ptr", "exists"):
            self._count(term)
        self.lets_somebody |= term.sign == "+" and term.kind not in ("all", "")
        return term.kind == "all"

    def _record_of(self, term: _Term, above: tuple[str, ...]) -> str:
        """What `follow` says of the record that a term names; that of a macro is unknown."""
        self._count(term)
        if not term.is_known:
            self.lets_somebody = True
            return "-"
        return self.follow(term.target, _records(self._names, term.target), above)

    def _count(self, term: _Term) -> None:
        self.lookups += 1
        if self.lookups > MOST_LOOKUPS:
            raise _Broken(
                gettext_noop("takes more than %(most)s look-ups") % {"most": MOST_LOOKUPS}
            )
        self._void += term.kind in ("a", "mx", "exists") and term.is_known and self._is_void(term)
        if self._void > MOST_VOID:
            raise _Broken(
                gettext_noop("names more than %(most)s hosts that there are not, “%(target)s”")
                % {"most": MOST_VOID, "target": term.target}
            )

    def _is_void(self, term: _Term) -> bool:
        if term.kind != "mx":
            return not self._names.addresses(term.target)
        servers = self._names.mail_servers(term.target)
        if len(servers) > MOST_MAIL_SERVERS:
            raise _Broken(
                gettext_noop("asks %(count)s mail servers of %(target)s for their addresses")
                % {"count": len(servers), "target": term.target}
            )
        return not servers


def _term(text: str, domain: str) -> _Term:
    """Modifiers that change nothing are of kind "". Raises _Broken."""
    if found := _MECHANISM.fullmatch(text):
        sign, everybody, named, target, own, other, family, network = found.groups()
        kind = (everybody or named or own or family).lower()
        if family and not _is_network(network, int(kind[-1])):
            raise _Broken(
                gettext_noop("of %(domain)s has an address that is none, “%(text)s”")
                % {"domain": domain, "text": text[:60]}
            )
        return _Term(kind, (target or other or domain).lower().rstrip("."), sign or "+")
    if found := _MODIFIER.fullmatch(text):
        is_redirect = found[1].lower() == "redirect"
        return _Term("redirect", found[2].lower().rstrip(".")) if is_redirect else _Term("")
    raise _Broken(
        gettext_noop("of %(domain)s has a part that is no SPF, “%(text)s”")
        % {"domain": domain, "text": text[:60]}
    )


def _is_network(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_network(text, strict=False).version == version
    except ValueError:
        return False
