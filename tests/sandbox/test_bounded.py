"""What a worker may spend, and that ending one costs nobody else anything."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest
from django.utils.translation import override

from sandbox import Failed, LimitReached, Limits, Stalled, warm_up
from tests.sandbox import jobs


def test_a_call_comes_back_with_its_result() -> None:
    assert jobs.double("ab") == "abab"


def test_a_call_runs_in_another_process() -> None:
    assert jobs.pid() != os.getpid()


def test_a_declared_error_reaches_the_caller_with_all_it_says() -> None:
    with pytest.raises(jobs.Wrong) as raised:
        jobs.double("wrong")

    assert raised.value.args == ("is wrong", 3)


def test_a_worker_speaks_the_language_of_its_caller() -> None:
    for language, said in (("zh-hans", "嵌套过深"), ("en", "is nested too deeply")):
        with override(language), pytest.raises(jobs.Wrong, match=said):
            jobs.say_what_is_wrong()


def test_a_limit_is_told_in_the_language_of_the_caller() -> None:
    with override("zh-hans"), pytest.raises(LimitReached, match=r"需要超过 0\.2 秒处理器时间"):
        jobs.loop_for_ever()


def test_any_other_error_of_the_function_is_a_failure_that_names_it() -> None:
    with pytest.raises(Failed, match="ZeroDivisionError: a bug"):
        jobs.have_a_bug()


def test_a_loop_ends_at_its_processor_time() -> None:
    with pytest.raises(LimitReached, match=r"takes more than 0\.2 s of processor time"):
        jobs.loop_for_ever()


def test_native_code_that_never_returns_to_python_ends_too() -> None:
    with pytest.raises(LimitReached, match=r"takes more than 0\.2 s of processor time"):
        jobs.compute_in_c()


def test_what_only_waits_ends_by_the_wall_clock() -> None:
    with pytest.raises(Stalled, match=r"takes more than 0\.3 s"):
        jobs.wait()


def test_a_call_may_hold_the_rest_of_itself_to_less_time() -> None:
    began = time.monotonic()
    with pytest.raises(LimitReached):
        jobs.loop_within(Limits(cpu_seconds=0.1))
    assert time.monotonic() - began < 20


def test_a_call_may_hold_the_rest_of_itself_to_less_memory() -> None:
    with pytest.raises(LimitReached, match="of memory"):
        jobs.take_memory_within(Limits(memory_megabytes=100), 200)


def test_workers_that_are_warm_are_used() -> None:
    warm_up()
    assert jobs.double("ab") == "abab"


def test_memory_within_the_limit_is_given() -> None:
    assert jobs.take_memory(50) == 50_000_000


def test_memory_beyond_the_limit_is_refused() -> None:
    with pytest.raises(LimitReached, match="needs more than 100 MB of memory"):
        jobs.take_memory(200)


def test_recursion_without_end_is_named() -> None:
    with pytest.raises(LimitReached, match="is nested too deeply"):
        jobs.nest(1_000_000)


def test_a_stack_overflow_in_native_code_ends_the_worker_alone() -> None:
    with pytest.raises(LimitReached, match="is nested too deeply"):
        jobs.crash()

    assert jobs.double("ab") == "abab"


def test_a_result_that_is_too_long_is_not_read() -> None:
    with pytest.raises(LimitReached, match="makes more than 1 MB"):
        jobs.make(2)


def test_a_worker_that_is_killed_from_outside_blames_nobody() -> None:
    with pytest.raises(Failed, match="ended by signal 9"):
        jobs.be_killed()


def test_a_worker_cannot_write_a_file(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="File too large"):
        jobs.write_a_file(str(tmp_path / "file"))


def test_the_next_call_after_a_limit_works() -> None:
    with pytest.raises(LimitReached):
        jobs.loop_for_ever()

    assert jobs.double("ab") == "abab"


def test_a_worker_does_one_job_after_another() -> None:
    assert jobs.pid() == jobs.pid()


def test_an_idle_worker_that_was_killed_is_replaced() -> None:
    os.kill(jobs.pid(), signal.SIGKILL)

    assert jobs.double("ab") == "abab"


def test_a_nursery_that_was_killed_is_replaced() -> None:
    nursery = psutil.Process(jobs.pid()).parent()
    assert nursery is not None
    nursery.kill()
    with pytest.raises(LimitReached):  # takes the last worker of the old nursery along
        jobs.loop_for_ever()

    assert jobs.double("ab") == "abab"


def test_threads_share_the_workers() -> None:
    results: list[str] = []
    threads = [
        threading.Thread(target=lambda n=n: results.append(jobs.double(str(n)))) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == [str(n) * 2 for n in range(8)]


def test_the_child_of_a_fork_has_workers_of_its_own() -> None:
    ours = jobs.pid()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, str(jobs.pid()).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)

    assert int(os.read(reader, 20)) != ours
    assert jobs.pid() == ours


def test_workers_end_with_the_process_they_work_for() -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, str(jobs.pid()).encode())
        time.sleep(60)
    worker = psutil.Process(int(os.read(reader, 20)))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)

    worker.wait(timeout=10)

    assert not worker.is_running()
