"""SPF (RFC 7208): who may send for the domain."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from dispatch.domains.check import Check, Verdict
from dispatch.domains.names import Names

NAME = "SPF"
MOST_LOOKUPS = 10
"""Where a receiver stops and takes the record for broken."""
_TERM = re.compile(
    r"([+?~-]?)(?:(all)|(include|exists):(\S+)|(a|mx|ptr)(?:[:/]\S*)?|(?:ip4|ip6):\S+)", re.I
)
_MODIFIER = re.compile(r"([a-z][a-z0-9._-]*)=(\S*)", re.I)


class _Broken(Exception):
    """The message goes on from “The SPF record …”."""


def check(names: Names, domain: str, host: str) -> Check:
    """`host` is the server that mail goes out by, "" where it is the provider's affair. Raises
    CouldNotAsk.
    """
    publish = f'{domain}  TXT  "v=spf1 {_mechanism(host)} -all"'
    records = _records(names, domain)
    if not records:
        words = (
            "There is no SPF record: nobody can tell who may send for the domain, and the large "
            "mailbox providers refuse bulk mail without one or put it with the spam."
        )
        return Check(NAME, Verdict.PROBLEM, words, publish)
    try:
        return _judge(names, domain, records)
    except _Broken as error:
        words = f"The SPF record {error}: receivers take it for broken, as if there was none."
        return Check(NAME, Verdict.PROBLEM, words, publish)


def _mechanism(host: str) -> str:
    """What lets mail out by this server."""
    try:
        return f"ip{ipaddress.ip_address(host).version}:{host}"
    except ValueError:
        return f"a:{host}" if host else "include:<the name that your provider gives>"


def _records(names: Names, domain: str) -> list[str]:
    return [text for text in names.texts(domain) if re.match(r"v=spf1(\s|$)", text, re.IGNORECASE)]


def _judge(names: Names, domain: str, records: list[str]) -> Check:
    lookups = len(list(_lookups(names, domain, records, ())))
    if lookups > MOST_LOOKUPS:
        raise _Broken(f"takes {lookups} look-ups, and no more than {MOST_LOOKUPS} are allowed")
    ending = _ending(records[0])
    if ending == "+":
        words = "The SPF record lets everybody send for the domain; providers distrust it."
        return Check(NAME, Verdict.PROBLEM, words, "End the record with -all or ~all.")
    if ending in ("", "?"):
        words = "The SPF record does not say that nobody else may send: forged mail passes for it."
        return Check(NAME, Verdict.WARNING, words, "End the record with -all or ~all.")
    return Check(NAME, Verdict.OK, f"The record says who may send, with {lookups} look-ups.")


def _lookups(
    names: Names, domain: str, records: list[str], above: tuple[str, ...]
) -> Iterator[str]:
    """A name for each look-up that a receiver makes. Raises _Broken."""
    if len(records) != 1:
        found = "is missing" if not records else f"is there {len(records)} times"
        raise _Broken(f"of {domain} {found}")
    if domain in above or len(above) > MOST_LOOKUPS:
        raise _Broken(f"of {domain} includes itself")
    for term in records[0].split()[1:]:
        target, follows = _target(term, domain)
        if target:
            yield target
        if target and follows and "%" not in target:
            yield from _lookups(names, target, _records(names, target), (*above, domain))


def _target(term: str, domain: str) -> tuple[str, bool]:
    """The name that a term makes receivers look up, and whether it has a record of its own."""
    if mechanism := _TERM.fullmatch(term):
        if mechanism[3]:
            return mechanism[4].lower().rstrip("."), mechanism[3].lower() == "include"
        return (domain, False) if mechanism[5] else ("", False)
    if modifier := _MODIFIER.fullmatch(term):
        redirects = modifier[1].lower() == "redirect"
        return (modifier[2].lower().rstrip(".") if redirects else ""), redirects
    raise _Broken(f"of {domain} has a part that is no SPF, “{term[:60]}”")


def _ending(record: str) -> str:
    """What holds for everybody else: the sign before `all`, "-" where another record decides."""
    for term in record.split()[1:]:
        if (mechanism := _TERM.fullmatch(term)) and mechanism[2]:
            return mechanism[1] or "+"
    return "-" if "redirect=" in record.lower() else ""
