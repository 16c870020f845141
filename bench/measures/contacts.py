"""The pages about contacts: how long the server takes to answer a campaign manager."""

from __future__ import annotations

from statistics import median

from django.urls import reverse

from bench import product, report
from bench.context import Bench
from bench.report import Headline, Table
from bench.rig.browsing import LAPS, Measured, measured, signed_in
from campaigns.models import Contact, Tag
from devmail import audience

MOST_SECONDS = 0.15
FAR_PAGE = 400
NO_TARGET = "suppressed contacts"
"""Where there are few, the whole list of contacts is compared with that of suppressions."""


def run(bench: Bench) -> None:
    with product.fresh_database(bench):
        made = audience.seed(
            bench.options.contacts, bench.options.events, bench.say, with_messages=True
        )
        bench.server.checkpoint()
        found = measure(made.owner_id)
    bench.keep(
        "contacts", contacts=made.contacts, pages={each.what: each.seconds for each in found}
    )
    tell(bench, made, found)


def measure(owner_id: int) -> list[Measured]:
    with signed_in(owner_id) as client:
        return [measured(client, what, url) for what, url in pages(owner_id).items()]


def pages(owner_id: int) -> dict[str, str]:
    """Addresses of pages, by what they are."""
    contacts = reverse("admin:campaigns_contact_changelist")
    tags = dict(Tag.objects.filter(owner=owner_id).values_list("name", "pk"))
    mine = Contact.objects.filter(owner=owner_id).order_by("pk")
    middle = mine[mine.count() // 2]
    return {
        "the list": contacts,
        f"page {FAR_PAGE} of it": f"{contacts}?p={FAR_PAGE}",
        "search for part of an address that one contact has": f"{contacts}?q={middle.email[2:]}",
        "search for part of an address that many have": f"{contacts}?q=corp.ex",
        f"page {FAR_PAGE} of that": f"{contacts}?q=corp.ex&p={FAR_PAGE}",
        "search for part of an address that some have": f"{contacts}?q=dept77.",
        "search for two letters": f"{contacts}?q=zz",
        "search for what none has": f"{contacts}?q=qqqq",
        "search for a name and a domain": f"{contacts}?q=okafor+uni.ex",
        "contacts with a tag that many have": f"{contacts}?tags__id__exact={tags['customer']}",
        "contacts with a tag that few have": f"{contacts}?tags__id__exact={tags['staff']}",
        "both, a tag and a search": f"{contacts}?tags__id__exact={tags['staff']}&q=uni.ex",
        NO_TARGET: f"{contacts}?status=suppressed",
        "contacts at a domain": f"{contacts}?domain=dept77.example.com",
        "the page of a contact": reverse("admin:campaigns_contact_change", args=[middle.pk]),
    }


def tell(bench: Bench, made: audience.Seeded, found: list[Measured]) -> None:
    table = Table("Pages about contacts", ["page", "ms", "slowest lap, ms", "processor, ms"])
    for each in found:
        table.add(
            each.what, report.milliseconds(each.median),
            report.milliseconds(max(each.seconds)),
            report.milliseconds(median(each.processor)),
        )  # fmt: skip
    table.notes.append(
        f"{made.contacts:,} contacts of one owner, {made.messages:,} messages to them; the median "
        f"of {LAPS} laps, from the request to the whole answer, in the process of the web server. "
        "processor: of that process alone, without the database."
    )
    bench.tables.append(table)
    aimed = [each for each in found if each.what != NO_TARGET]
    slowest = max(each.median for each in aimed)
    bench.headlines.append(
        Headline(
            f"slowest of {len(aimed)} pages about {made.contacts:,} contacts",
            f"{report.milliseconds(slowest)} ms", "≤ 150 ms", slowest <= MOST_SECONDS,
        )
    )  # fmt: skip
