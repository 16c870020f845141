"""The breakdown of a campaign as tables and charts for its page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils import formats, timezone
from django.utils.http import urlencode
from django.utils.translation import gettext

from admin_kit.charts.lines import Chart, Series
from admin_kit.words.numbers import percent
from admin_kit.words.stored_texts import shown
from campaigns import erased_keys
from campaigns.models import Content, SubTask, Task
from campaigns.wording import subject_in_words
from tracking.breakdowns.counting import FIRST_HOURS, NUMBERS, OUTCOMES, UNDECIDED
from tracking.event_kinds import Actor, EventKind, source_in_words

DAY_SECONDS = 86_400
LONGEST_ERROR = 200


class Row(NamedTuple):
    """Numbers of messages, in the order of NUMBERS. `url` opens them, `error_url` the message of
    which the error tells. `unknown` are the names of those of which no one has said anything."""

    name: str
    messages: int
    sent: int
    delivered: int
    opened: int
    clicked: int
    bounced: int
    failed: int
    url: str = ""
    error: str = ""
    error_url: str = ""
    unknown: Collection[str] = ()

    @property
    def reached(self) -> int:
        return self.sent - self.bounced

    @property
    def cells(self) -> list[tuple[int | None, str]]:
        """What became of its messages, each with its rate, which none has of nought."""
        return [
            (self.sent, ""),
            *(
                (None if name in self.unknown else number, percent(number, whole) if number else "")
                for name, number, whole in (
                    ("delivered", self.delivered, self.sent),
                    ("opened", self.opened, self.reached),
                    ("clicked", self.clicked, self.reached),
                    ("bounced", self.bounced, self.sent),
                )
            ),
            (self.failed, ""),
        ]


class Table(NamedTuple):
    name: str
    title: str
    first: str
    rows: Sequence[Row]
    note: str = ""
    has_errors: bool = False


class Left(NamedTuple):
    what: str
    why: str
    number: int


def tables(task: Task, data: dict[str, Any]) -> list[Table]:
    """Variants only where there are several."""
    found = [
        Table(
            "mailboxes",
            gettext("By mailbox provider"),
            gettext("Provider"),
            _mailboxes(data),
            gettext(
                "By the domain of the address: a company’s own domain stands under its own name."
            ),
        ),
        Table(
            "services",
            gettext("By email service"),
            gettext("Service"),
            _services(task, data["services"]),
            has_errors=any(row[-1] for row in data["services"]),
        ),
    ]
    if len(data["variants"]) > 1:
        rows = _variants(data["variants"])
        found.append(
            Table("variants", gettext("By version of the message"), gettext("Version"), rows)
        )
    unknown = _unknown(task, data)
    return [
        table._replace(rows=[row._replace(unknown=unknown) for row in table.rows])
        for table in found
    ]


def _unknown(task: Task, data: dict[str, Any]) -> frozenset[str]:
    """Few servers report what they deliver: none would say that it was not delivered."""
    whole = dict(zip(NUMBERS, _sums(data["variants"]), strict=False))
    is_told = {
        "delivered": not whole.get("sent"),
        "opened": task.track_opens,
        "clicked": task.track_clicks,
    }
    return frozenset(name for name, told in is_told.items() if not (told or whole.get(name)))


def charts(data: dict[str, Any]) -> list[Chart]:
    """The outcomes over the whole time, and the opens and clicks of the first day, if any."""
    first_day = (_first_day(data, EventKind.OPENED), _first_day(data, EventKind.CLICKED))
    return [_outcomes(data), *(each for each in first_day if not each.is_empty)]


def left(data: dict[str, Any]) -> list[Left]:
    """Who unsubscribed or complained, by the reason they gave or how it was heard."""
    return [
        Left(str(EventKind(kind).label), _why(str(why), is_own), number)
        for kind, why, is_own, number in data["left"]
    ]


def _why(why: str, is_own: bool) -> str:
    if is_own:
        return shown(why) if why else gettext("no reason given")
    return gettext("heard of by %(source)s") % {"source": source_in_words(why)}


def _mailboxes(data: dict[str, Any]) -> list[Row]:
    rows = [Row(_provider(name), *numbers) for name, *numbers in data["mailboxes"]]
    every, shown = (_sums(data[name]) for name in ("variants", "mailboxes"))
    others: list[Any] = [max(0, whole - part) for whole, part in zip(every, shown, strict=True)]
    if others and others[0] > 0:
        rows.append(Row(gettext("All others"), *others))
    return rows


def _provider(name: str) -> str:
    return gettext("Erased recipients") if name == erased_keys.PLACEHOLDERS.lstrip("@") else name


def _sums(rows: Iterable[Sequence[Any]]) -> list[int]:
    numbers = [row[1 : len(NUMBERS) + 1] for row in rows]
    return [sum(column) for column in zip(*numbers, strict=True)]


def _services(task: Task, rows: Iterable[Sequence[Any]]) -> list[Row]:
    """With the newest error of each, as it stands in its message now: what was erased is gone."""
    keys = [row[-1] for row in rows if row[-1]]
    errors = dict(SubTask.objects.filter(pk__in=keys).values_list("pk", "error"))
    return [_service(task, row, str(errors.get(row[-1], ""))) for row in rows]


def _service(task: Task, row: Sequence[Any], error: str) -> Row:
    *numbers, service_id, subtask_id = row
    query = urlencode({"task__id__exact": task.pk, "service": service_id})
    return Row(*numbers)._replace(
        url=f"{reverse('admin:campaigns_subtask_changelist')}?{query}",
        error=error[:LONGEST_ERROR],
        error_url=reverse("admin:campaigns_subtask_change", args=[subtask_id]) if error else "",
    )


def _variants(rows: Sequence[Sequence[Any]]) -> list[Row]:
    contents: dict[int, Any] = Content.objects.only("subject", "language").in_bulk(
        [row[0] for row in rows]
    )
    decided = [row for row in rows if row[0] != UNDECIDED]
    waiting = [row for row in rows if row[0] == UNDECIDED]
    return [
        *(Row(_version(contents.get(key)), *numbers) for key, *numbers in decided),
        *(Row(gettext("Waits for the result of the A/B test"), *row[1:]) for row in waiting),
    ]


def _version(content: Content | None) -> str:
    if content is None:
        return "–"
    subject = subject_in_words(content.subject)
    return f"{subject} ({content.language})" if content.language else subject


def _outcomes(data: dict[str, Any]) -> Chart:
    names = {
        "sent": gettext("Sent"),
        "delivered": gettext("Delivered"),
        "bounced": gettext("Bounced"),
        "failed": gettext("Failed"),
    }
    start, step = dt.datetime.fromisoformat(data["start"]), data["step"]
    series = [Series(names[name], data["outcomes"][name]) for name in OUTCOMES]
    labels = [
        _moment(start + dt.timedelta(seconds=step * n), step) for n in range(len(series[0].values))
    ]
    return Chart(gettext("Outcomes over time"), gettext("From"), labels, series)


def _moment(at: dt.datetime, step: int) -> str:
    """As short as tells the steps apart."""
    local = timezone.localtime(at)
    time = formats.time_format(local, "H:i")
    day = formats.date_format(local, "MONTH_DAY_FORMAT")
    if step >= DAY_SECONDS:
        return day
    return time if step < DAY_SECONDS // 24 else f"{local.day}. {time}"


def _first_day(data: dict[str, Any], kind: EventKind) -> Chart:
    titles = {
        EventKind.OPENED: gettext("First opens, by hour of the first day"),
        EventKind.CLICKED: gettext("First clicks, by hour of the first day"),
    }
    names = {
        Actor.PERSON: gettext("People"),
        Actor.PROXY: gettext("Mail programs, for people"),
        Actor.MACHINE: gettext("Machines"),
    }
    series = [Series(name, data["first_day"][f"{kind}:{actor}"]) for actor, name in names.items()]
    labels = [gettext("+%(hour)s h") % {"hour": hour} for hour in range(FIRST_HOURS)]
    return Chart(titles[kind], gettext("Hours after the start"), labels, series)
