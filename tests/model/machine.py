"""A state machine that does to a small installation whatever may happen to it, in any order."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.model.closing import run_out
from tests.model.events import EVENTS, LIMITS, Events
from tests.model.staff import Staff
from tests.model.waiting import what_is_said_comes_true
from tests.model.world import World


class Installation(Events, RuleBasedStateMachine):
    """`clock` is set by whoever runs it.

    One rule draws the events: of many rules Hypothesis switches most off in each example, which pays
    in thousands of examples, and not in the few that there is time for.
    """

    @initialize(first=LIMITS, second=LIMITS)
    def begin(self, first: dict[str, object], second: dict[str, object]) -> None:
        elsewhere = {"quota_reset_time": dt.time(5, 45), "quota_time_zone": "Asia/Kathmandu"}
        de_duplicating = {"provider": "engagelab"}
        self.world = World(self.clock, [first, second | elsewhere | de_duplicating])
        self.staff = Staff(self.world)
        for _ in range(2):
            self.world.tick(self.world.join())

    def teardown(self) -> None:
        if sys.exc_info()[0] is None and hasattr(self, "world"):
            run_out(self.world)

    @rule(event=st.one_of(EVENTS))
    def it_happens(self, event: tuple[str, dict[str, Any]]) -> None:
        name, arguments = event
        getattr(self, name)(**arguments)


class AskedWhy(Installation):
    """Every other time it is asked why nothing is sent."""

    @rule()
    def it_is_asked_why_nothing_is_sent(self) -> None:
        what_is_said_comes_true(self.world)
