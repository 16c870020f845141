"""A small population, and what a condition means, said in plain Python."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User

from campaigns.models import Attribute, Contact, Engagement, EngagementKind, Segment, Tag, Task
from tests.factories import (
    ContactFactory,
    OperationFactory,
    SegmentFactory,
    TagFactory,
    TaskFactory,
    UserFactory,
)

NOW = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
LINK = "https://shop.example.com/spring"
KINDS = {"sent": 1, "delivered": 2, "opened": 3, "clicked": 4}


def key_of(text: str) -> int:
    """64 bits of the MD5 of a text, with a sign."""
    number = int(hashlib.md5(text.encode()).hexdigest()[:16], 16)
    return number - 2**64 if number >= 2**63 else number


@dataclass(frozen=True)
class Fact:
    contact: int
    task: int
    kind: str
    days_ago: float
    is_machine: bool = False
    link: str = ""


ATTRIBUTES: list[dict[str, Any]] = [
    {},
    {"plan": "Pro", "visits": 3, "birthday": "1990-03-04", "vip": True, "lang": "zh-CN"},
    {"plan": "pro ", "visits": 0, "birthday": "2000-02-29", "vip": False, "language": "zh"},
    {"plan": "", "visits": "7", "birthday": "02.03.1990", "vip": "yes", "locale": "en_GB"},
    {"plan": None, "visits": None, "birthday": None, "vip": None, "language": " ", "lang": "de"},
    {"plan": "50%_x\\", "visits": 2.5, "birthday": "2026-03-01", "vip": True, "lang": "zhx"},
    {"plan": ["pro"], "visits": [3], "birthday": 20260301, "vip": 1, "lang": {"a": 1}},
    {"plan": "free", "visits": -1e9, "birthday": "2026-13-45", "vip": False, "locale": "ZH"},
]
ADDRESSES = [
    "ada@example.com",
    "bob@mail.example.com",
    "cyd@notexample.com",
    "dan@example.org",
    "eve@example.com.test",
    "fay@deep.mail.example.com",
    "gus@xn--bcher-kva.test",
    "hal@example.com",
]


@dataclass
class Population:
    """Eight contacts of an owner, beside the same of another one."""

    owner: User
    contacts: list[Contact]
    tags: dict[str, Tag]
    tasks: list[Task]
    segments: dict[str, Segment]
    imported: int
    facts: list[Fact] = field(default_factory=list)

    def names(self, contacts: Iterable[Contact]) -> set[int]:
        """The numbers of these contacts."""
        numbers = {contact.pk: number for number, contact in enumerate(self.contacts)}
        return {numbers[contact.pk] for contact in contacts}


FACTS = [
    Fact(0, 0, "sent", 40),
    Fact(1, 0, "sent", 40),
    Fact(2, 0, "sent", 40),
    Fact(1, 1, "sent", 5),
    Fact(2, 1, "sent", 5),
    Fact(3, 1, "sent", 5),
    Fact(0, 0, "delivered", 40),
    Fact(1, 1, "delivered", 5),
    Fact(1, 0, "opened", 39),
    Fact(1, 1, "opened", 4),
    Fact(2, 0, "opened", 31),
    Fact(3, 1, "opened", 4, is_machine=True),
    Fact(2, 1, "clicked", 4),
    Fact(2, 1, "clicked", 4, link=LINK),
    Fact(4, 0, "clicked", 20, is_machine=True),
]


def populate() -> Population:
    made = _of(UserFactory())
    other = _of(UserFactory())
    assert other.owner != made.owner
    return made


def _of(owner: User) -> Population:
    imported = OperationFactory(owner=owner)
    contacts = [
        ContactFactory(
            owner=owner,
            email=address,
            name="" if number == 3 else f"Name {number}",
            attributes=attributes,
            tracking_consent=number % 2 == 0,
            mail_consent=("unknown", "given", "refused")[number % 3],
            imported_by=imported if number < 3 else None,
            created_at=NOW - dt.timedelta(days=10 * number),
        )
        for number, (address, attributes) in enumerate(zip(ADDRESSES, ATTRIBUTES, strict=True))
    ]
    tags = {name: TagFactory(owner=owner, name=name) for name in ("customer", "other")}
    tags["vip"] = TagFactory(owner=owner, name="vip", parent=tags["customer"])
    for number, name in ((0, "customer"), (1, "vip"), (2, "other"), (2, "vip")):
        contacts[number].tags.add(tags[name])
    kinds = {"visits": "number", "birthday": "date", "vip": "yes_no"}
    for key, kind in kinds.items():
        Attribute.objects.create(owner=owner, key=key, kind=kind)
    Attribute.objects.create(owner=owner, key="tier", kind="choice", choices=["a", "b"])
    tasks = [TaskFactory(owner=owner), TaskFactory(owner=owner)]
    segments = {"odd": SegmentFactory(owner=owner, condition=_one("tag", "has", tags["vip"].pk))}
    made = Population(owner, contacts, tags, tasks, segments, imported.pk, FACTS)
    _store(made)
    return made


def _store(made: Population) -> None:
    Engagement.objects.bulk_create(
        Engagement(
            task=made.tasks[fact.task],
            owner=made.owner,
            address_key=key_of(made.contacts[fact.contact].email),
            kind=EngagementKind(KINDS[fact.kind]),
            is_machine=fact.is_machine,
            link=key_of(fact.link) if fact.link else 0,
            at=NOW - dt.timedelta(days=fact.days_ago),
        )
        for fact in made.facts
    )


def _one(field_name: str, operator: str, value: Any = None) -> dict[str, Any]:
    line = {"field": field_name, "operator": operator, "value": value}
    return {"match": "all", "lines": [line]}


def holds(made: Population, number: int, item: dict[str, Any]) -> bool:
    """Whether a condition holds for a contact, by the words of the condition alone."""
    if "match" in item:
        each = [holds(made, number, line) for line in item["lines"]]
        return {"all": all(each), "any": any(each), "none": not any(each)}[item["match"]]
    name, operator, value = item["field"], item["operator"], item["value"]
    contact = made.contacts[number]
    if name.startswith("attribute:"):
        stored = contact.attributes.get(name.removeprefix("attribute:"))
        return of_attribute(name.removeprefix("attribute:"), stored, operator, value)
    if name in KINDS:
        return _did(made, number, name, value) is (operator == "did")
    return _of_contact(made, number, name, operator, value)


def _did(made: Population, number: int, name: str, value: dict[str, Any]) -> bool:
    by = value.get("by", "people")
    found = {
        fact.task
        for fact in made.facts
        if fact.contact == number
        and fact.kind == name
        and fact.link == value.get("link", "")
        and (by == "anyone" or fact.is_machine is (by == "machines"))
        and ("campaign" not in value or made.tasks[fact.task].pk == value["campaign"])
        and ("days" not in value or fact.days_ago < value["days"])
    }
    return len(found) >= int(value.get("times", 1))


def of_attribute(key: str, stored: Any, operator: str, value: Any) -> bool:
    match key:
        case "visits":
            return _number(stored, operator, value)
        case "birthday":
            return _date(stored, operator, value)
        case "vip":
            is_bool = isinstance(stored, bool)
            told = {"yes": stored is True, "no": stored is False, "set": is_bool}
            return {**told, "empty": not is_bool}[operator]
        case _:
            return _text(
                json.dumps(stored) if isinstance(stored, list) else stored, operator, value
            )


def _text(stored: str | None, operator: str, value: str) -> bool:
    text = (stored or "").lower()
    wanted = (value or "").lower()
    told = {
        "is": stored is not None and text == wanted,
        "is_not": stored is None or text != wanted,
        "contains": wanted in text,
        "contains_not": wanted not in text,
        "starts": text.startswith(wanted),
        "ends": text.endswith(wanted),
        "set": bool(text.strip()),
        "empty": not text.strip(),
    }
    return bool(told[operator])


def _number(stored: Any, operator: str, value: Any) -> bool:
    number = stored if isinstance(stored, int | float) and not isinstance(stored, bool) else None
    if operator in ("set", "empty"):
        return (number is not None) is (operator == "set")
    if number is None:
        return operator == "equals_not"
    if operator == "between":
        return bool(value[0] <= number <= value[1])
    told = {
        "equals": number == value,
        "equals_not": number != value,
        "more": number > value,
        "at_least": number >= value,
        "less": number < value,
        "at_most": number <= value,
    }
    return bool(told[operator])


def _date(stored: Any, operator: str, value: Any) -> bool:
    has_form = isinstance(stored, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", stored) is not None
    if operator in ("set", "empty"):
        return has_form is (operator == "set")
    if not has_form:
        return operator == "not_last_days"
    today = NOW.date()
    ago = str(today - dt.timedelta(days=value)) if isinstance(value, int) else ""
    ahead = str(today + dt.timedelta(days=value)) if isinstance(value, int) else ""
    told = {
        "on": stored == value,
        "before": stored < str(value),
        "after": stored > str(value),
        "last_days": ago <= stored <= str(today),
        "not_last_days": not ago <= stored <= str(today),
        "next_days": str(today) <= stored <= ahead,
        # 2 March 2026 is a Monday.
        "birthday_week": stored[5:] in [f"03-0{day}" for day in range(2, 9)],
    }
    return bool(told[operator])


def _of_contact(made: Population, number: int, name: str, operator: str, value: Any) -> bool:
    contact = made.contacts[number]
    domain = contact.email.split("@")[1]
    tags = {0: {"customer"}, 1: {"vip", "customer"}, 2: {"other", "vip", "customer"}}
    known = {made.tags[each].pk for each in tags.get(number, set())}
    imported = made.imported if number < 3 else None
    days = 10 * number
    positive: dict[str, bool] = {
        "tag": bool(known) if operator in ("any", "none") else value in known,
        "segment": number in (1, 2),
        "name": name == "name" and _text(contact.name, operator, value),
        "domain": domain == value or (operator.endswith("within") and domain.endswith(f".{value}")),
        "language": name == "language" and _language(number, value),
        "created": days < value if isinstance(value, int) else False,
        "imported": imported is not None and value in (imported, None),
        "mail_consent": ("unknown", "given", "refused")[number % 3] == value,
        "tracking_consent": (number % 2 == 0) is (operator == "yes"),
    }
    is_negative = name != "name" and operator in (
        "lacks", "none", "not_in", "is_not", "not_within", "not_last_days",
    )  # fmt: skip
    return positive[name] is not is_negative


LANGUAGES = {1: "zh-cn", 2: "zh", 3: "en-gb", 4: "de", 5: "zhx", 7: "zh"}


def _language(number: int, value: str | None) -> bool:
    language = LANGUAGES.get(number, "")
    return bool(language) if value is None else f"{language}-".startswith(f"{value}-")
