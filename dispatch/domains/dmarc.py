"""DMARC (RFC 9989): what is done with mail that only pretends to be from the domain.

Receivers that still follow RFC 7489 ignore a record without `p=`, and know neither `np`, `psd` nor
`t`: what they do otherwise is said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from dispatch.domains.check import Check, Verdict
from dispatch.domains.names import Names
from dispatch.domains.tags import tags_of

NAME = "DMARC"
_VERSION = re.compile(r"[vV]\s*=\s*DMARC1\s*(;|$)")
"""How a record begins; what has it anywhere else is none."""
POLICIES = ("none", "quarantine", "reject")
MOST_ABOVE = 7
"""Places above the domain that are asked about: with the domain's own eight at most."""
REMOVED = ("pct", "rf", "ri")
_REPORTS_TO = re.compile(r"mailto:[^\s,!@]+@[^\s,!]+|(?!mailto:)[a-z][a-z0-9+.-]*:[^\s,!]+", re.I)


@dataclass(frozen=True, slots=True)
class Record:
    """A valid one, and the domain that it is published for."""

    place: str
    tags: dict[str, str]

    @property
    def psd(self) -> str:
        told = self.tags.get("psd", "").lower()
        return told if told in ("y", "n") else "u"


@dataclass(slots=True)
class Walk:
    """What there is at the domain and above it, longest first."""

    records: list[Record] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)
    """Places with several records, of which receivers use none."""


def check(names: Names, domain: str) -> Check:
    """Finds the record that applies as receivers do, and judges it. Raises CouldNotAsk."""
    publish = f'_dmarc.{domain}  TXT  "v=DMARC1; p=none; rua=mailto:dmarc-reports@{domain}"'
    walk = _walk(names, domain)
    record = _applicable(walk.records, domain)
    if domain in walk.ambiguous or (walk.ambiguous and record is None):
        place = walk.ambiguous[0]
        words = gettext_noop(
            "There are several records for %(place)s: receivers use none of them."
        ) % {"place": place}
        return Check(
            NAME,
            Verdict.PROBLEM,
            words,
            gettext_noop("Leave one record at _dmarc.%(place)s.") % {"place": place},
        )
    if record is None:
        words = gettext_noop(
            "There is no DMARC record: Gmail, Yahoo and Microsoft refuse bulk mail without one or "
            "put it with the spam."
        )
        return Check(NAME, Verdict.PROBLEM, words, publish)
    tag = _policy_tag(names, record, domain)
    return _judge(record, tag, domain, publish)


def places(domain: str) -> list[str]:
    """The domain and those above it, to the top; of a very long name not those in between."""
    labels = domain.split(".")
    above = labels[1:][-MOST_ABOVE:]
    return [domain, *(".".join(above[n:]) for n in range(len(above)))]


def _walk(names: Names, domain: str) -> Walk:
    """To the domain's own record if there is one, else to what ends an organisation, or the top."""
    walk = Walk()
    for place in places(domain):
        texts = [text for text in names.texts(f"_dmarc.{place}") if _VERSION.match(text)]
        if len(texts) > 1:
            walk.ambiguous.append(place)
        elif texts:
            record = Record(place, tags_of(texts[0]))
            walk.records.append(record)
            if place == domain or record.psd != "u":
                break
    return walk


def _applicable(records: list[Record], domain: str) -> Record | None:
    """The domain's own record, else that of its organisation, else that of its public suffix."""
    if not records:
        return None
    last = records[-1]
    if last.psd == "y" and last.place != domain:
        below = domain.split(".")[-last.place.count(".") - 2 :]
        organisation = ".".join(below)
        return next((each for each in records if each.place == organisation), last)
    return last


def _policy_tag(names: Names, record: Record, domain: str) -> str:
    """The tag whose policy applies to the domain."""
    if record.place == domain:
        return "p"
    if "np" in record.tags and not names.exists(domain):
        return "np"
    return "sp" if "sp" in record.tags else "p"


def _judge(record: Record, tag: str, domain: str, publish: str) -> Check:
    tags = record.tags
    wrong = [name for name in ("p", "sp", "np") if tags.get(name, "none").lower() not in POLICIES]
    if wrong and not _asks_for_reports(tags):
        words = gettext_noop(
            "The DMARC record has no valid policy (%(tags)s=): receivers ignore it."
        ) % {"tags": "=, ".join(wrong)}
        return Check(NAME, Verdict.PROBLEM, words, publish)
    policy = "none" if wrong else tags.get(tag, "none").lower()
    text = gettext_noop("The policy is p=%(policy)s: %(reason)s")
    if record.place != domain:
        text = gettext_noop("The policy is p=%(policy)s (from %(place)s): %(reason)s")
    words = text % {"policy": policy, "place": record.place, "reason": _means(policy, tags)}
    cautions = _cautions(record, wrong, domain)
    verdict = Verdict.WARNING if cautions else Verdict.OK
    said = " ".join([words, *cautions, *_notes(tags)])
    return Check(NAME, verdict, said, publish if cautions else "")


def _means(policy: str, tags: dict[str, str]) -> str:
    """What receivers do with forged mail; in test mode they do what the next milder policy says."""
    is_test = tags.get("t", "").lower() == "y" and policy != "none"
    done = POLICIES[POLICIES.index(policy) - is_test]
    means = (
        gettext_noop("enough for bulk mail, but forged mail gets through.")
        if done == "none"
        else gettext_noop("mail for which neither SPF nor DKIM vouches is stopped.")
    )
    return (
        gettext_noop("in test mode (t=y), which makes it %(policy)s: %(reason)s")
        % {"policy": done, "reason": means}
        if is_test
        else means
    )


def _cautions(record: Record, wrong: list[str], domain: str) -> list[str]:
    """What had better be changed."""
    said = []
    if wrong:
        said.append(
            gettext_noop("What it says under %(tags)s= is no policy.") % {"tags": "=, ".join(wrong)}
        )
    elif "p" not in record.tags:
        said.append(
            gettext_noop(
                "It has no p=, which newer receivers take for p=none; others ignore the record."
            )
        )
    if record.psd == "y":
        said.append(
            gettext_noop(
                "psd=y says that others register their domains under this one: take it out."
            )
            if record.place == domain
            else gettext_noop(
                "It is that of all domains under %(place)s (psd=y): publish one of your own."
            )
            % {"place": record.place}
        )
    return said


def _notes(tags: dict[str, str]) -> list[str]:
    """What is as it may be, and worth knowing."""
    said = []
    if tags.get("psd", "").lower() == "n":
        said.append(
            gettext_noop("By psd=n, SPF and DKIM vouch for it only from this domain or below.")
        )
    if removed := [name for name in REMOVED if name in tags]:
        said.append(
            gettext_noop("%(tags)s: without meaning since RFC 9989.") % {"tags": ", ".join(removed)}
        )
    return said


def _asks_for_reports(tags: dict[str, str]) -> bool:
    return any(_REPORTS_TO.match(each.strip()) for each in tags.get("rua", "").split(","))
