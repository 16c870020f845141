"""Every page of the admin, for who has many messages: how long the server takes to answer."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from urllib.parse import quote

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db.models import Model
from django.test import Client
from django.urls import NoReverseMatch, reverse

from bench import product, report
from bench.context import Bench
from bench.report import Headline, Table
from bench.rig.browsing import LAPS, Measured, measured, signed_in
from campaigns.models import SubTask, SubTaskStatus, Task, TaskStatus
from devmail import audience

MOST_SECONDS = 0.3
OWN = (
    "admin:index", "monitor", "own_notices", "found_messages", "privacy", "own_profile",
    "sign_in_sessions", "own_password",
)  # fmt: skip
"""Pages of no model."""
TOLD = 30


def run(bench: Bench) -> None:
    with product.fresh_database(bench):
        made = audience.seed(
            bench.options.contacts, bench.options.events, bench.say, with_messages=True
        )
        bench.server.checkpoint()
        found = measure(bench, made.owner_id)
    bench.keep("pages", messages=made.messages, pages={each.what: each.seconds for each in found})
    tell(bench, made, found)


def measure(bench: Bench, owner_id: int) -> list[Measured]:
    found = []
    for who, is_superuser in (("owner", False), ("superuser", True)):
        with signed_in(owner_id, is_superuser) as client:
            for what, url in {**every_page(client), **lists()}.items():
                found.append(measured(client, f"{what}, {who}", url))
        bench.say(f"{len(found)} pages measured")
    return found


def every_page(client: Client) -> dict[str, str]:
    """Addresses of the pages that this account may open, by what they are."""
    named = {name: reverse(name) for name in OWN}
    for model, model_admin in admin.site._registry.items():
        named |= dict(pages_of(model, model_admin))
    return {what: url for what, url in named.items() if is_page(client, url)}


def pages_of(model: type[Model], model_admin: ModelAdmin[Model]) -> Iterator[tuple[str, str]]:
    """Those that take no row, and those of one."""
    rows = rows_of(model)
    for pattern in filter(lambda each: each.name, model_admin.get_urls()):
        count = len(pattern.pattern.converters)
        for suffix, pk in rows.items() if count == 1 else [("", None)]:
            try:
                url = reverse(f"admin:{pattern.name}", args=[pk] if count else [])
            except NoReverseMatch:
                continue
            yield f"{str(pattern.name).replace('_', ' ')}{suffix}", url


def rows_of(model: type[Model]) -> dict[str, object]:
    """Keys of rows by what is special about them: of campaigns the one under way, too."""
    if model is Task:
        under_way = Task.objects.get(status=TaskStatus.SENDING)
        done = Task.objects.filter(status=TaskStatus.COMPLETED).order_by("pk")[0]
        return {" under way": under_way.pk, "": done.pk}
    first = model._default_manager.order_by("pk").values_list("pk", flat=True).first()
    return {} if first is None else {"": first}


def is_page(client: Client, url: str) -> bool:
    """Whether it opens: not one that leads elsewhere, is a download or not for this account."""
    response = client.get(url, secure=True)
    return response.status_code == 200 and b"<html" in getattr(response, "content", b"")


def lists() -> dict[str, str]:
    """The lists of what there is most of, filtered, searched and far down."""
    messages = reverse("admin:campaigns_subtask_changelist")
    events = reverse("admin:tracking_event_changelist")
    attempts = reverse("admin:dispatch_attempt_changelist")
    task = Task.objects.get(status=TaskStatus.SENDING)
    address = (
        SubTask.objects.filter(task=task)
        .order_by("-pk")
        .values_list("recipient_email", flat=True)[0]
    )
    of_task = f"{messages}?task__id__exact={task.pk}"
    return {
        "messages, page 400": f"{messages}?p=400",
        "messages of a campaign": of_task,
        "messages of a campaign, page 400": f"{of_task}&p=400",
        **{
            f"messages, {each}": f"{messages}?status__exact={each}" for each in SubTaskStatus.values
        },
        **{
            f"of a campaign, {each}": f"{of_task}&status__exact={each}"
            for each in SubTaskStatus.values
        },
        "messages in doubt": f"{messages}?in_doubt=yes",
        "messages, rejected": f"{messages}?failure_reason__exact=rejected",
        "messages, an address": f"{messages}?q={address}",
        "messages, part of an address": f"{messages}?q={address[2:]}",
        "messages, a domain": f"{messages}?q=corp.example",
        "messages, of none": f"{messages}?q=qqqq",
        **_searches(address, task.name),
        "events, page 400": f"{events}?p=400",
        "events, clicked": f"{events}?kind__exact=clicked",
        "events, complained": f"{events}?kind__exact=complained",
        "attempts, page 400": f"{attempts}?p=400",
        "attempts, unknown": f"{attempts}?outcome__exact=unknown",
    }


def _searches(address: str, name: str) -> dict[str, str]:
    """What finds people and campaigns from every page."""
    found = reverse("found_messages")
    palette = f"{reverse('admin:search')}?extended=1"
    asked = {
        "an address": address,
        "part of an address": address[2:],
        "a domain": "corp.example",
        "none": "qqqq",
    }
    return {
        **{f"who got it, {what}": f"{found}?q={words}" for what, words in asked.items()},
        **{f"palette, {what}": f"{palette}&s={words}" for what, words in asked.items()},
        "palette, a campaign": f"{palette}&s={quote(name)}",
    }


def tell(bench: Bench, made: audience.Seeded, found: list[Measured]) -> None:
    slowest = sorted(found, key=lambda each: -each.median)
    table = Table("Pages", ["page", "ms", "slowest lap, ms", "processor, ms"])
    for each in slowest[:TOLD]:
        table.add(
            each.what, report.milliseconds(each.median), report.milliseconds(max(each.seconds)),
            report.milliseconds(median(each.processor)),
        )  # fmt: skip
    half = report.milliseconds(median(each.median for each in found))
    table.notes.append(
        f"The {TOLD} slowest of {len(found)} pages; half of them take at most {half} ms. "
        f"{made.messages:,} messages to {made.contacts:,} contacts, {made.events:,} events. The "
        f"median of {LAPS} laps, from the request to the whole answer, in the process of the web "
        "server. processor: of that process alone, without the database."
    )
    bench.tables.append(table)
    bench.headlines.append(
        Headline(
            f"slowest of {len(found)} pages, {made.messages:,} messages",
            f"{report.milliseconds(slowest[0].median)} ms", "≤ 300 ms",
            slowest[0].median <= MOST_SECONDS,
        )
    )  # fmt: skip
