"""Typical conditions of segments, on the audience that `devmail.audience` makes."""

from __future__ import annotations

from typing import Any

from campaigns.models import Tag, Task
from devmail.audience_messages import LINK

Line = dict[str, Any]


def _line(field: str, operator: str, value: Any = None) -> Line:
    return {"field": field, "operator": operator, "value": value}


def _all(*lines: Line) -> Line:
    return {"match": "all", "lines": list(lines)}


def _any(*lines: Line) -> Line:
    return {"match": "any", "lines": list(lines)}


def _none(*lines: Line) -> Line:
    return {"match": "none", "lines": list(lines)}


def _messages(name: str, did: bool = True, **value: Any) -> Line:
    return _line(name, "did" if did else "did_not", value)


def typical(owner_id: int) -> dict[str, Line]:
    """By what they ask, in the words of a marketer."""
    newest = Task.objects.filter(owner=owner_id).order_by("pk").values_list("pk", flat=True)[0]
    tags = dict(Tag.objects.filter(owner=owner_id).values_list("name", "pk"))
    tagged = {name: _line("tag", "has", pk) for name, pk in tags.items()}
    return {
        **_of_contacts(tagged),
        **_of_a_campaign({"campaign": newest}),
        **_of_any_campaign(),
        **_together(tagged),
    }


def _of_contacts(tagged: dict[str, Line]) -> dict[str, Line]:
    return {
        "a rare tag": _all(tagged["VIP"]),
        "a common tag and those below it": _all(tagged["customer"]),
        "no tag": _all(_line("tag", "none")),
        "one tag, not another": _all(tagged["newsletter"], _none(tagged["customer"])),
        "text is": _all(_line("attribute:city", "is", "lisbon")),
        "number and choice": _all(
            _line("attribute:visits", "at_least", 30), _line("attribute:plan", "is", "team")
        ),
        "birthday this week": _all(_line("attribute:birthday", "birthday_week")),
        "date between": _all(_line("attribute:birthday", "between", ["1980-01-01", "1989-12-31"])),
        "yes, language, domain": _all(
            _line("attribute:newsletter", "yes"),
            _line("language", "is", "zh"),
            _line("domain", "within", "example.com"),
        ),
        "created in the last 90 days": _all(_line("created", "last_days", 90)),
        "agreed and can be mailed": _all(
            _line("mail_consent", "is", "given"), _line("mailable", "yes")
        ),
        "half of a random split": _all(_line("part", "is", {"part": 1, "of": 2, "seed": "a"})),
    }


def _of_a_campaign(newest: Line) -> dict[str, Line]:
    return {
        "was sent the newest": _all(_messages("sent", **newest)),
        "was sent the newest and did not open": _all(
            _messages("sent", **newest),
            _messages("opened", did=False, **newest),
            _messages("clicked", did=False, **newest),
        ),
        "was not sent the newest": _all(_messages("sent", did=False, **newest)),
        "clicked a link of the newest": _all(_messages("clicked", link=f"{LINK}1", **newest)),
    }


def _of_any_campaign() -> dict[str, Line]:
    return {
        "was ever sent any": _all(_messages("sent")),
        "was sent at least 5 in the last year": _all(_messages("sent", times=5, days=365)),
        "not delivered in the last 90 days": _all(_messages("delivered", did=False, days=90)),
        "clicked a link in any": _all(_messages("clicked", link=f"{LINK}1")),
        "opened in the last 30 days": _all(_messages("opened", days=30)),
        "opened in the last 90 days": _all(_messages("opened", days=90)),
        "not opened in the last 180 days": _all(_messages("opened", did=False, days=180)),
        "never opened": _all(_messages("opened", did=False)),
        "never clicked, but was sent any": _all(_messages("sent"), _messages("clicked", did=False)),
        "opened at least 3": _all(_messages("opened", times=3)),
        "clicked at least 2 in the last year": _all(_messages("clicked", times=2, days=365)),
    }


def _together(tagged: dict[str, Line]) -> dict[str, Line]:
    return {
        "bounced, complained or unsubscribed": _any(
            _messages("bounced"), _messages("complained"), _messages("unsubscribed")
        ),
        "tag or opened lately, not bounced": _all(
            _any(tagged["VIP"], _messages("opened", days=60)), _none(_messages("bounced"))
        ),
        "opened by machines only": _all(
            _messages("opened", by="machines"), _messages("opened", did=False)
        ),
    }
