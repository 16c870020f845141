from __future__ import annotations

import os

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.laboratory import StoppedClock
from tests.model.machine import Installation


@pytest.mark.timeout(1800)
def test_whatever_happens_in_whatever_order_every_guarantee_holds(clock: StoppedClock) -> None:
    Installation.clock = clock
    phases = [Phase.generate] + ([Phase.shrink] if os.environ.get("SHRINK") else [])
    run_state_machine_as_test(
        Installation,
        settings=settings(
            max_examples=int(os.environ.get("N", "15")),
            stateful_step_count=int(os.environ.get("STEPS", "15")),
            derandomize=True,
            deadline=None,
            database=None,
            phases=phases,
            report_multiple_bugs=False,
        ),
    )
