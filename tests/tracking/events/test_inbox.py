from __future__ import annotations

import datetime as dt
import json
from dataclasses import fields, replace
from typing import Any, cast

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.tracking.making import event
from tracking.event_kinds import Actor, EventKind
from tracking.events import inbox, sanitize
from tracking.events.incoming import Incoming
from tracking.models import Event

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2030, 1, 1, 12, tzinfo=dt.UTC)
COMPLETE = Incoming(
    kind=EventKind.CLICKED,
    source="postmark",
    dedupe_key="key",
    occurred_at=NOON,
    service_id=3,
    subtask_id=4711,
    message_id="<4711.00@example.com>",
    provider_message_id="abc",
    recipient="Ann@Example.com ",
    actor=Actor.PERSON,
    url="https://example.com/",
    ip_address="203.0.113.77",
    user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
    detail="why",
    raw={"a": [1, 2.5, None, True, {"b": "c"}]},
)


def only() -> Event:
    return Event.objects.get()


def test_an_event_is_written_down_as_it_was_told() -> None:
    assert inbox.accept([COMPLETE]) == 1
    row = only()
    told = {
        name: getattr(COMPLETE, name)
        for name in (f.name for f in fields(COMPLETE))
        if name not in ("recipient", "ip_address", "is_visit")
    }
    assert {name: getattr(row, name) for name in told} == told
    assert (row.recipient, row.ip_address) == ("ann@example.com", "203.0.113.0")
    assert (row.state, row.settled_at, row.note) == ("waiting", None, "")


def test_an_event_that_is_told_again_is_one_event() -> None:
    assert inbox.accept([COMPLETE]) == 1
    assert inbox.accept([COMPLETE, replace(COMPLETE, kind=EventKind.OPENED)]) == 0
    assert Event.objects.count() == 1


def test_how_many_are_new_is_counted_within_a_batch_too() -> None:
    events = [event(EventKind.OPENED, dedupe_key=str(n % 3)) for n in range(10)]
    assert inbox.accept(events) == 3


def test_nothing_is_no_event() -> None:
    assert inbox.accept([]) == 0
    assert inbox.accept(iter(())) == 0


def test_a_thousand_events_are_one_statement(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    events = [event(EventKind.DELIVERED) for _ in range(1000)]
    with django_assert_num_queries(1):
        assert inbox.accept(events) == 1000


@pytest.mark.parametrize(
    "other", [{"source": "brevo"}, {"service_id": 4}, {"service_id": None}, {"dedupe_key": "Key"}]
)
def test_another_source_service_or_key_is_another_event(other: dict[str, Any]) -> None:
    assert inbox.accept([COMPLETE, replace(COMPLETE, **other)]) == 2


def test_two_events_without_any_service_are_told_apart_by_their_keys_only() -> None:
    plain = replace(COMPLETE, service_id=None)
    assert inbox.accept([plain, plain]) == 1


def test_long_keys_that_differ_at_the_end_are_two() -> None:
    keys = ["x" * 300 + end for end in "ab"]
    assert inbox.accept([replace(COMPLETE, dedupe_key=key) for key in keys]) == 2


def test_keys_that_differ_in_what_cannot_be_stored_are_two() -> None:
    keys = ["a\x00b", "ab", "a\ud800b"]
    assert inbox.accept([replace(COMPLETE, dedupe_key=key) for key in keys]) == 3


def test_without_a_key_what_is_told_alike_is_one_event() -> None:
    plain = replace(COMPLETE, dedupe_key="")
    assert inbox.accept([plain, plain, replace(plain, url="https://example.com/2")]) == 2


DEEP: dict[str, Any] = {}
for _ in range(2_000):
    DEEP = {"deeper": DEEP}
ODD_TEXT: list[Any] = [
    "\x00",
    "a\x00b",
    "\ud800",
    "x" * 1_000_000,
    "😀" * 50_000,
    "\u202e",
    None,
    7,
    b"x",
    [],
]
ODD_NUMBERS = [0, -1, 2**63, 10**5000, True, 1.5, "7", None, float("nan")]
ODD_RAW = [
    None,
    "text",
    [1, 2],
    {"nul\x00": "\x00", "surrogate\udfff": "\ud800"},
    {1: 2, None: 3, ("t",): 4},
    {"nan": float("nan"), "inf": float("inf"), "huge": 10**5000, "long": "x" * 10**6},
    {"bytes": b"\xff", "set": {1}, "object": object(), "when": NOON},
    {"many": list(range(100_000))},
    {str(n): n for n in range(100_000)},
    DEEP,
    {"\\u0000": "\\u0000", "a": "\\ud800"},
]


@pytest.mark.parametrize(
    "name",
    ["source", "dedupe_key", "message_id", "provider_message_id", "recipient", "url"]
    + ["ip_address", "user_agent", "detail"],
)
@pytest.mark.parametrize("value", ODD_TEXT, ids=lambda v: repr(v)[:20])
def test_odd_texts_are_cut_or_cleaned(name: str, value: Any) -> None:
    assert inbox.accept([replace(COMPLETE, **{name: value})]) == 1
    assert Event.objects.filter(kind="clicked").exists()


@pytest.mark.parametrize("name", ["service_id", "subtask_id"])
@pytest.mark.parametrize(
    "value", ODD_NUMBERS, ids=lambda v: repr(v)[:20] if v != 10**5000 else "huge"
)
def test_odd_numbers_are_left_out(name: str, value: Any) -> None:
    assert inbox.accept([replace(COMPLETE, **{name: value})]) == 1
    assert getattr(only(), name) is None


@pytest.mark.parametrize("raw", ODD_RAW, ids=range(len(ODD_RAW)))
def test_odd_payloads_are_kept_as_far_as_they_can_be(
    raw: Any,
) -> None:
    assert inbox.accept([replace(COMPLETE, raw=raw)]) == 1
    assert len(json.dumps(only().raw)) < 4 * sanitize.MAX_RAW


@pytest.mark.parametrize(
    "value",
    [dt.datetime.min, dt.datetime.max, dt.datetime(1, 1, 1, tzinfo=dt.UTC), "now", 0, NOON.date()],
)
def test_impossible_times_are_left_out(value: Any) -> None:
    assert inbox.accept([replace(COMPLETE, occurred_at=value)]) == 1
    assert only().occurred_at is None


def test_a_time_without_a_zone_is_utc() -> None:
    inbox.accept([replace(COMPLETE, occurred_at=NOON.replace(tzinfo=None))])
    assert only().occurred_at == NOON


@pytest.mark.parametrize("hours", [-23.99, -16, 14, 16, 23.99])
def test_a_time_in_any_zone_is_the_same_moment(hours: float) -> None:
    zone = dt.timezone(dt.timedelta(hours=hours))
    inbox.accept([replace(COMPLETE, occurred_at=NOON.astimezone(zone))])
    assert only().occurred_at == NOON


@pytest.mark.parametrize("kind", ["", "nonsense", None, 7])
def test_what_is_no_event_is_left_out_and_the_rest_is_not(
    kind: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert inbox.accept([replace(COMPLETE, kind=kind), COMPLETE]) == 1
    assert "is no kind of event" in caplog.text


def test_an_unknown_actor_is_a_person() -> None:
    inbox.accept([replace(COMPLETE, actor=cast(Actor, "nonsense"))])
    assert only().actor == Actor.PERSON


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("203.0.113.77", "203.0.113.0"),
        (" 203.0.113.77 ", "203.0.113.0"),
        ("2001:db8:1234:5678::1", "2001:db8:1234::"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        ("fe80::1%eth0", "fe80::"),
        ("203.0.113.77:443", ""),
        ("unknown", ""),
        ("", ""),
    ],
)
def test_of_an_ip_address_only_the_network_is_kept(address: str, kept: str) -> None:
    inbox.accept([replace(COMPLETE, ip_address=address)])
    assert only().ip_address == kept


def test_ip_addresses_in_a_payload_are_cut_too() -> None:
    inbox.accept(
        [replace(COMPLETE, raw={"ip": "203.0.113.77", "more": ["2001:db8:1:2::3", "1.5"]})]
    )
    assert only().raw == {"ip": "203.0.113.0", "more": ["2001:db8:1::", "1.5"]}


def test_a_machine_is_known_by_its_user_agent_whoever_tells() -> None:
    inbox.accept([replace(COMPLETE, user_agent="python-requests/2.32")])
    assert only().actor == Actor.MACHINE


def test_what_a_source_knows_better_is_believed() -> None:
    inbox.accept([replace(COMPLETE, actor=Actor.MACHINE)])
    assert only().actor == Actor.MACHINE
