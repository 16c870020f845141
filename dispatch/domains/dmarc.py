"""DMARC (RFC 7489): what is done with mail that only pretends to be from the domain."""

from __future__ import annotations

import re

from dispatch.domains.check import Check, Verdict
from dispatch.domains.names import Names
from dispatch.domains.tags import tags_of

NAME = "DMARC"
_VERSION = re.compile(r"[vV]\s*=\s*DMARC1\s*(;|$)")
"""How a record begins; what has it anywhere else is none."""
POLICIES = ("none", "quarantine", "reject")


def check(names: Names, domain: str) -> Check:
    """Looks at the domain itself, then at those above it. Raises CouldNotAsk."""
    publish = f'_dmarc.{domain}  TXT  "v=DMARC1; p=none; rua=mailto:dmarc-reports@{domain}"'
    for place in _places(domain):
        records = [text for text in names.texts(f"_dmarc.{place}") if _VERSION.match(text)]
        if len(records) > 1:
            words = f"There are {len(records)} records for {place}: receivers use none of them."
            return Check(NAME, Verdict.PROBLEM, words, f"Leave one record at _dmarc.{place}.")
        if records:
            return _judge(tags_of(records[0]), place, domain, publish)
    words = (
        "There is no DMARC record: Gmail, Yahoo and Microsoft refuse bulk mail without one or put "
        "it with the spam."
    )
    return Check(NAME, Verdict.PROBLEM, words, publish)


def _places(domain: str) -> list[str]:
    """The domain and those above it that can belong to the same owner."""
    labels = domain.split(".")
    return [".".join(labels[n:]) for n in range(len(labels) - 1)]


def _judge(tags: dict[str, str], place: str, domain: str, publish: str) -> Check:
    own = tags.get("p", "").lower()
    policy = own if place == domain else tags.get("sp", own).lower()
    if policy not in POLICIES:
        words = "The DMARC record has no valid policy (p=): receivers ignore it."
        return Check(NAME, Verdict.PROBLEM, words, publish)
    where = "" if place == domain else f" (from {place})"
    means = (
        "enough for bulk mail, but forged mail gets through."
        if policy == "none"
        else "mail for which neither SPF nor DKIM vouches is stopped."
    )
    return Check(NAME, Verdict.OK, f"The policy is p={policy}{where}: {means}")
