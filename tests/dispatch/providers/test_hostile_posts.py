"""Whatever is posted to a running server leaves no trace but counters, and is never an error."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from campaigns.models import SubTask
from dispatch.providers.webhooks import webhook_url
from tests.dispatch.providers import hostile_posts
from tests.dispatch.providers.test_feedback_over_http import about
from tests.dispatch.providers.webhook_posts import PAYLOADS, over_http, post, service_of, signed
from tests.tracking import hostile
from tests.tracking.making import from_launch, frozen, sent
from tests.tracking.visiting import BROWSER
from tracking import rejected_requests
from tracking.events import apply
from tracking.links.personalise import PATHS
from tracking.links.tokens import Purpose, sign
from tracking.models import Event, RejectedRequests

EACH = sorted(PAYLOADS)
OF_THE_SERVER = re.compile("^length|: a path")
"""Of lengths that are none, every server takes its own view; and the one of the tests looks for files
wherever a path leads.
"""


@pytest.fixture
def server(live_server: LiveServer, settings: Settings) -> str:
    settings.PUBLIC_URL = live_server.url
    settings.SCANNER_SECONDS = 0
    return str(live_server.url)


def counted() -> Counter[str]:
    rejected_requests.fold()
    totals: Counter[str] = Counter()
    for rejected in RejectedRequests.objects.all():
        totals[rejected.endpoint] += rejected.count
    return totals


@pytest.mark.parametrize("provider", EACH)
def test_what_is_posted_to_a_webhook_in_no_earnest_leaves_no_trace(
    server: str, provider: str
) -> None:
    service = service_of(provider)
    told = signed(provider, about(sent(service=service), PAYLOADS[provider][0]["body"]))
    assert over_http("POST", webhook_url(service), *told) == 200
    apply.apply_waiting()
    before = hostile.everything_stored()
    posts = list(hostile_posts.everything(service))
    assert len({each.name for each in posts}) == len(posts) >= 35

    answers = {
        each.name: (over_http(each.method, each.url, each.body, each.headers), each.expected)
        for each in posts
    }
    answers["replayed"] = (over_http("POST", webhook_url(service), *told), (200,))
    apply.apply_waiting()

    wrong = {name: got for name, (got, expected) in answers.items() if got not in expected}
    assert wrong == {}
    assert hostile.everything_stored() == before
    assert sum(counted().values()) == sum(
        got in (400, 401, 405, 413) for got, _ in answers.values()
    )


def test_what_is_asked_of_the_public_pages_in_no_earnest_leaves_no_trace(server: str) -> None:
    subtask = from_launch(frozen('<a href="https://example.com/">x</a>', track_opens=True))
    cases = hostile.everything(
        f"/{PATHS[Purpose.PREFERENCES]}/{sign(Purpose.PREFERENCES, subtask.pk)}"
    )
    cases = [case for case in cases if not OF_THE_SERVER.search(case.name)]
    before = hostile.everything_stored()

    answers = {case.name: (_ask(server, case), case.expected) for case in cases}
    apply.apply_waiting()

    wrong = {name: got for name, (got, expected) in answers.items() if got not in expected}
    assert wrong == {}
    assert len(answers) >= 200
    assert hostile.everything_stored() == before
    assert counted().keys() == set(hostile.ENDPOINTS)


def _ask(server: str, case: hostile.Case) -> int:
    headers = {"User-Agent": BROWSER, "Content-Type": case.content_type}
    headers |= {"Host": case.headers["HTTP_HOST"]} if case.headers else {}
    return over_http(case.method, server + case.path.replace(" ", "%20"), case.body, headers)


# Signed by the provider, and not what it documents

ODD: tuple[Any, ...] = (
    None,
    [],
    {},
    [[]],
    {"a": {}},
    "",
    "x" * 5000,
    "\x00",
    "\ud800",
    -1,
    1e308,
    True,
)


@pytest.mark.django_db
@pytest.mark.parametrize("provider", EACH)
def test_no_odd_value_in_an_event_is_an_error(provider: str) -> None:
    service, subtask = service_of(provider), sent()
    answers = Counter(
        post(service, body).status_code
        for body in with_odd_values(json.loads(about(subtask, PAYLOADS[provider][0]["body"])))
    )
    Event.objects.exclude(subtask=None).update(service_id=None)
    apply.apply_waiting()

    assert answers.keys() <= {200, 400, 401}
    assert answers.total() > 60
    assert SubTask.objects.count() == 1


def with_odd_values(body: Any) -> Iterator[Any]:
    """The body with one value after the other replaced by what does not belong there."""
    for path in paths(body):
        for odd in ODD:
            changed = copy.deepcopy(body)
            holder = changed
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = odd
            yield changed


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in list(items):
        yield (*path, key)
        if isinstance(item, dict | list):
            yield from paths(item, (*path, key))


def test_a_probe_of_a_running_server_is_answered(server: str) -> None:
    assert over_http("GET", webhook_url(service_of("engagelab"))) == 200
    assert Client().get("/hooks/engagelab/nothing/").status_code == 200
