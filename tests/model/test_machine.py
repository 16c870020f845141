from __future__ import annotations

import os

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.laboratory import StoppedClock
from tests.model.machine import AskedWhy, Installation


@pytest.mark.timeout(1800)
def test_whatever_happens_in_whatever_order_every_guarantee_holds(clock: StoppedClock) -> None:
    _run(Installation, clock, examples=15, steps=15)


@pytest.mark.timeout(1800)
def test_what_is_said_of_when_something_can_be_sent_comes_true(clock: StoppedClock) -> None:
    _run(AskedWhy, clock, examples=15, steps=10)


def _run(machine: type[Installation], clock: StoppedClock, examples: int, steps: int) -> None:
    machine.clock = clock
    phases = [Phase.generate] + ([Phase.shrink] if os.environ.get("SHRINK") else [])
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=int(os.environ.get("N", examples)),
            stateful_step_count=int(os.environ.get("STEPS", steps)),
            derandomize=True,
            deadline=None,
            database=None,
            phases=phases,
            report_multiple_bugs=False,
        ),
    )
