"""When a test is decided, by whom, and what is kept of it."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns.ab_tests import deciding, figures
from campaigns.models import Task
from campaigns.state import lifecycle
from tests.campaigns.ab_tests.making import (
    click,
    collecting,
    contents,
    hand_over,
    happen,
    launched,
    pass_time,
    sample_of,
    test_of,
)
from tests.factories import UserFactory
from tracking.event_kinds import Actor, EventKind

pytestmark = pytest.mark.django_db


def decided(task: Task) -> tuple[str, str, int | None]:
    """State, verdict, and the number of the winner."""
    deciding.look_at_tests()
    test = test_of(task)
    number = contents(task).index(test.winner_id) if test.winner_id else None
    return test.state, test.verdict, number


UNDECIDED = ("collecting", "", None)


def test_the_time_counts_from_when_all_of_the_sample_is_handed_over() -> None:
    task = launched(90, sample=100, sample_unit="percent")
    hand_over(sample_of(task).filter(content=contents(task)[0]))
    deciding.look_at_tests()
    assert test_of(task).sent_at is None
    hand_over(sample_of(task))
    deciding.look_at_tests()
    test = test_of(task)
    assert test.sent_at is not None
    assert test.decide_at == test.sent_at + test.decide_after


def test_before_its_time_nothing_is_decided() -> None:
    task = collecting(300, sample=50)
    click(task, 2, 8)
    pass_time(task, 0.9)
    assert decided(task) == UNDECIDED


def test_the_better_variant_wins_at_the_time() -> None:
    task = collecting(300, sample=50)
    click(task, 0, 2)
    click(task, 2, 16)
    pass_time(task)
    assert decided(task) == ("releasing", "clear", 2)


def test_what_is_clear_early_ends_early() -> None:
    task = collecting(300, sample=50)
    click(task, 1, 30)
    pass_time(task, 0.3)
    assert decided(task) == ("releasing", "clear", 1)


def test_a_test_that_may_not_end_early_waits() -> None:
    task = collecting(300, sample=50, ends_early=False)
    click(task, 1, 30)
    pass_time(task, 0.8)
    assert decided(task) == UNDECIDED


def test_without_a_difference_the_first_is_sent() -> None:
    task = collecting(300, sample=50)
    click(task, 1, 5)
    click(task, 2, 6)
    pass_time(task)
    assert decided(task) == ("releasing", "none", 0)


def test_without_a_difference_it_asks_where_wanted() -> None:
    task = collecting(300, sample=50, otherwise="ask")
    pass_time(task)
    assert decided(task) == ("asking", "", None)


@pytest.mark.parametrize("actor", [Actor.MACHINE, Actor.PROXY])
@pytest.mark.parametrize("measure", ["clicks", "opens"])
def test_machines_never_decide(actor: Actor, measure: str) -> None:
    task = collecting(300, sample=50, measure=measure)
    for kind in (EventKind.CLICKED, EventKind.OPENED):
        happen(kind, task, 2, 50, actor=actor)
    pass_time(task)
    assert decided(task) == ("releasing", "none", 0)


def test_who_clicks_often_counts_once() -> None:
    task = collecting(300, sample=50)
    for _ in range(20):
        click(task, 2, 2)
    pass_time(task)
    assert decided(task) == ("releasing", "none", 0)


def test_one_link_alone_decides_where_asked() -> None:
    link = "https://example.com/offer"
    task = collecting(300, sample=50, measure="link", link=link)
    click(task, 1, 40, source="click", url="https://example.com/imprint")
    click(task, 2, 20, source="click", url=link)
    pass_time(task)
    assert decided(task) == ("releasing", "clear", 2)


def test_opens_decide_where_asked() -> None:
    task = collecting(300, sample=50, measure="opens")
    happen(EventKind.OPENED, task, 1, 40)
    click(task, 2, 20)
    pass_time(task)
    assert decided(task) == ("releasing", "clear", 1)


def test_what_bounced_was_not_reached() -> None:
    task = collecting(300, sample=50)
    happen(EventKind.HARD_BOUNCED, task, 0, 10)
    deciding.look_at_tests()
    pass_time(task, 0.0)
    deciding.look_at_tests()
    first = figures.kept(test_of(task))[0]
    assert (first.sent, first.bounced, first.reached) == (50, 10, 40)


def test_the_figures_of_the_decision_are_kept() -> None:
    task = collecting(300, sample=50)
    click(task, 2, 16)
    pass_time(task)
    deciding.look_at_tests()
    click(task, 0, 40)
    deciding.look_at_tests()
    kept = figures.kept(test_of(task))
    assert [each.clicked for each in kept] == [0, 0, 16]
    assert kept[2].chance > 0.99


def test_a_cancelled_campaign_decides_nothing() -> None:
    task = collecting(300, sample=50)
    click(task, 2, 16)
    pass_time(task)
    lifecycle.cancel(task)
    assert decided(task) == UNDECIDED


def test_a_paused_campaign_may_be_decided() -> None:
    task = collecting(300, sample=50)
    click(task, 2, 16)
    pass_time(task)
    lifecycle.pause(task)
    assert decided(task) == ("releasing", "clear", 2)


class TestByHand:
    def test_a_person_chooses_at_any_time(self) -> None:
        task, person = launched(60), UserFactory()
        deciding.choose(task.pk, contents(task)[1], person)
        test = test_of(task)
        assert (test.state, test.verdict, test.winner_id) == (
            "releasing",
            "chosen",
            contents(task)[1],
        )
        assert test.decided_by == person

    def test_of_another_campaign_no_content_can_be_chosen(self) -> None:
        task, other = launched(60), launched(60)
        with pytest.raises(deciding.NotOpen, match="no variant of this test"):
            deciding.choose(task.pk, contents(other)[0], UserFactory())
        assert test_of(task).state == "collecting"

    def test_what_is_decided_stays(self) -> None:
        task = launched(60)
        deciding.split(task.pk, UserFactory())
        with pytest.raises(deciding.NotOpen, match="decided already"):
            deciding.choose(task.pk, contents(task)[1], UserFactory())
        assert test_of(task).verdict == "split"

    def test_waiting_on_adds_the_time_once_more(self) -> None:
        task = collecting(300, sample=50, otherwise="ask")
        pass_time(task)
        deciding.look_at_tests()
        before = test_of(task).decide_at
        deciding.wait_on(task.pk)
        test = test_of(task)
        assert test.state == "collecting"
        assert test.decide_at is not None
        assert before is not None
        assert test.decide_at > before + dt.timedelta(hours=3)

    def test_after_waiting_on_it_is_decided_at_the_new_time(self) -> None:
        task = collecting(300, sample=50, otherwise="ask")
        pass_time(task)
        deciding.look_at_tests()
        deciding.wait_on(task.pk)
        click(task, 2, 16)
        assert decided(task) == UNDECIDED
        pass_time(task)
        assert decided(task) == ("releasing", "clear", 2)

    def test_a_cancelled_campaign_has_nothing_to_decide(self) -> None:
        task = launched(60)
        lifecycle.cancel(task)
        with pytest.raises(deciding.NotOpen, match="not being sent any more"):
            deciding.split(task.pk, UserFactory())
        assert test_of(task).state == "collecting"
