"""No process of a benchmark outlives it, and one that fails says why."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from bench.rig.programs import Failure, Program, python, run, wait_until

PARENT_OF_AN_ORPHAN = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print(child.pid, flush=True)
sys.stdin.readline()
"""


def test_what_a_program_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    with Program("parent", python("-c", PARENT_OF_AN_ORPHAN), os.environ, tmp_path) as parent:
        wait_until(parent.said, 20, "the child runs")
        orphan = psutil.Process(int(parent.said()))
        parent.tell("end")
        parent.wait(20)
        assert orphan.is_running()

    assert not psutil.pid_exists(orphan.pid) or orphan.status() == psutil.STATUS_ZOMBIE


def test_a_program_that_fails_shows_how_its_log_ends(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="(?s)broken ended with 1:.*no such thing"):
        run("broken", python("-c", "raise SystemExit('no such thing')"), os.environ, tmp_path)


def test_waiting_for_what_never_comes_says_what_it_was() -> None:
    with pytest.raises(Failure, match="after 0 s still not: the moon is blue"):
        wait_until(lambda: False, 0, "the moon is blue")
