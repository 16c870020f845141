"""What comes back moves SubTasks up, as the table says, and takes nothing out of anybody's hands."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from campaigns.models import SubTaskStatus
from campaigns.state import states
from campaigns.state.states import NEXT, StatusRise
from tests.campaigns.state.test_states import DOUBT, EVERY_STATE, World

NOON = dt.datetime(2030, 1, 1, 12, tzinfo=dt.UTC)
LATER = NOON + dt.timedelta(hours=1)
TOLD = ["sent", "delivered", "bounced", "opened", "clicked"]
FIRM = [state for state in EVERY_STATE if state not in ("allocated", "sending")]


@pytest.fixture
def world(db: None) -> World:
    return World()


def rise(world: World, status: str, **values: Any) -> set[int]:
    return states.rise(StatusRise(pk, SubTaskStatus(status), **values) for pk in world.ids)


@pytest.mark.parametrize("status", TOLD)
def test_rows_rise_where_the_table_allows_it_and_a_doubt_ends(world: World, status: str) -> None:
    rise(world, status)
    begins = {
        state
        for state in FIRM
        if SubTaskStatus(status) in NEXT[SubTaskStatus("sending" if state == DOUBT else state)]
    }
    assert world.changed() == dict.fromkeys(begins, status)


@pytest.mark.parametrize("status", ["pending", "allocated", "sending", "failed"])
def test_nothing_that_comes_back_leads_anywhere_else(world: World, status: str) -> None:
    rise(world, status)
    assert world.changed() == {}


@pytest.mark.parametrize("state", ["allocated", "sending"])
def test_what_a_dispatcher_holds_is_left_alone(world: World, state: str) -> None:
    changed = rise(world, "delivered", delivered_at=NOON)
    assert world.rows[state].pk not in changed
    assert world.now(state).delivered_at is None


@pytest.mark.parametrize("name", ["delivered_at", "bounced_at", "opened_at", "clicked_at"])
def test_times_are_recorded_in_every_state_and_only_the_first(world: World, name: str) -> None:
    rise(world, "sent", **{name: NOON})
    rise(world, "sent", **{name: LATER})
    assert {getattr(world.now(state), name) for state in FIRM} == {NOON}


def test_a_doubt_that_ends_was_sent_when_its_hand_over_began(world: World) -> None:
    row = world.rows[DOUBT]
    type(row).objects.filter(pk=row.pk).update(sending_at=NOON)
    rise(world, "opened")
    row = world.now(DOUBT)
    assert (row.sent_at, row.claim_token, row.in_doubt_since) == (NOON, None, None)


def test_rows_about_which_nothing_is_new_are_not_written(world: World) -> None:
    rise(world, "clicked", clicked_at=NOON)
    assert rise(world, "clicked", clicked_at=LATER) == set()


def test_the_providers_name_is_learnt_once_and_the_last_error_counts(world: World) -> None:
    rise(world, "bounced", provider_message_id="first", error="first")
    rise(world, "bounced", provider_message_id="second", error="second")
    row = world.now("sent")
    assert (row.provider_message_id, row.error) == ("first", "second")


@pytest.mark.parametrize("name", ["delivered_at", "bounced_at", "opened_at", "clicked_at"])
def test_a_time_is_news_once(world: World, name: str) -> None:
    rise(world, "sent")
    assert rise(world, "sent", **{name: NOON}) == {world.rows[state].pk for state in FIRM}
    assert rise(world, "sent", **{name: LATER}) == set()


@pytest.mark.parametrize("name", ["delivered_at", "bounced_at", "opened_at", "clicked_at"])
def test_what_else_is_new_leaves_the_first_time_as_it_is(world: World, name: str) -> None:
    rise(world, "sent", **{name: NOON})
    rise(world, "sent", **{name: LATER}, error="550")
    rise(world, "sent", error="551")
    assert {getattr(world.now(state), name) for state in FIRM} == {NOON}


def test_a_providers_name_is_news_once_and_an_error_when_it_is_another_one(world: World) -> None:
    everywhere = {world.rows[state].pk for state in FIRM}
    rise(world, "sent")
    assert rise(world, "sent", provider_message_id="p") == everywhere
    assert rise(world, "sent", provider_message_id="q") == set()
    assert rise(world, "sent", error="550") == everywhere
    assert rise(world, "sent", error="550") == set()


def test_what_tells_nothing_is_not_written_and_no_error_is_forgotten(world: World) -> None:
    rise(world, "sent", error="550")
    assert rise(world, "sent") == set()
    rise(world, "sent", opened_at=NOON)
    assert {world.now(state).error for state in FIRM} == {"550"}


def test_what_does_not_raise_a_row_leaves_its_doubt_and_when_it_was_sent(world: World) -> None:
    rise(world, "failed", delivered_at=NOON)
    row = world.now(DOUBT)
    assert row.claim_token == world.rows[DOUBT].claim_token
    assert row.in_doubt_since is not None
    assert {world.now(state).sent_at for state in FIRM} == {None}


def test_a_row_was_sent_when_that_was_recorded_or_else_now(world: World) -> None:
    sent = world.rows["sent"]
    type(sent).objects.filter(pk=sent.pk).update(sent_at=NOON, sending_at=LATER)
    rise(world, "opened")
    assert world.now("sent").sent_at == NOON
    assert world.now("delivered").sent_at is not None


def test_feedback_about_one_row_changes_no_other(world: World) -> None:
    row = world.rows["sent"]
    assert states.rise([StatusRise(row.pk, SubTaskStatus.OPENED, opened_at=NOON)]) == {row.pk}
    assert world.changed() == {"sent": "opened"}
    assert world.now("delivered").opened_at is None


def test_no_feedback_is_harmless(db: None) -> None:
    assert states.rise([]) == set()
