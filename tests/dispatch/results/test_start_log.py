from __future__ import annotations

import datetime as dt
import gc
import logging
import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings

from campaigns.state.states import Held
from dispatch.results import start_log
from dispatch.results.start_log import (
    CAPACITY,
    COUNTER_AT,
    END_AT,
    FILE_BYTES,
    RECORD_BYTES,
    RECORDS_AT,
    End,
    Name,
    Start,
)

NOON = dt.datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def directory(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "starts"
    with override_settings(START_LOG_DIR=str(path)):
        yield path


@pytest.fixture
def name() -> Name:
    return Name(uuid.uuid4(), 7)


def claims(count: int) -> list[Held]:
    return [Held(number, uuid.uuid4()) for number in range(1, count + 1)]


def killed_after(name: Name, begun: list[Held], answers: list[End] | None = None) -> None:
    """A process that begins these hand-overs, gets these answers to the first of them, and is
    killed.
    """
    pid = os.fork()
    if pid == 0:
        log = start_log.open_log(name)
        log.recorded([log.record(claim, NOON) for claim in begun[: -CAPACITY // 2]])
        numbers = [log.record(claim, NOON) for claim in begun[-CAPACITY // 2 :]]
        for number, end in zip(numbers, answers or [], strict=False):
            log.finish(number, end)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)


def read(name: Name) -> frozenset[Held] | None:
    """The claims that had begun."""
    found = start_log.read(name)
    return None if found is None else frozenset(found)


def forget(log: start_log.StartLog) -> None:
    """As the end of its process does."""
    start_log._kept.discard(log)
    gc.collect()


def damage(name: Name, at: int, data: bytes) -> None:
    whole = bytearray(name.path.read_bytes())
    whole[at : at + len(data)] = data
    name.path.write_bytes(whole)


class TestAfterAKill:
    def test_what_had_begun_is_known(self, name: Name) -> None:
        begun = claims(3)
        killed_after(name, begun)
        assert read(name) == frozenset(begun)

    def test_a_process_that_began_nothing_left_an_empty_log(self, name: Name) -> None:
        killed_after(name, [])
        assert read(name) == frozenset()

    def test_the_newest_are_known_when_the_ring_has_gone_round(self, name: Name) -> None:
        begun = claims(CAPACITY + 100)
        killed_after(name, begun)
        found = read(name)
        assert found is not None
        assert found >= frozenset(begun[-CAPACITY // 2 :])

    def test_its_log_is_found_by_any_supervisor_of_the_host(self, name: Name) -> None:
        killed_after(name, claims(1))
        assert start_log.left_behind() == [name]

    def test_a_log_is_removed_once_it_was_acted_upon(self, name: Name) -> None:
        killed_after(name, claims(1))
        start_log.discard(name)
        assert start_log.left_behind() == []
        assert read(name) is None


class TestAnswers:
    def test_when_it_began_and_what_the_provider_answered_are_known(self, name: Name) -> None:
        first, second, third = begun = claims(3)
        accepted, refused = End(True, 250, "queued as 7ABC"), End(False, 421)
        killed_after(name, begun, [accepted, refused])
        assert start_log.read(name) == {
            first: Start(NOON, accepted),
            second: Start(NOON, refused),
            third: Start(NOON, None),
        }

    @pytest.mark.parametrize("told", ["x" * 161, "\ud800" * 200])
    def test_a_name_that_is_too_long_for_it_is_left_out(self, name: Name, told: str) -> None:
        (claim,) = begun = claims(1)
        killed_after(name, begun, [End(True, None, told)])
        assert start_log.read(name) == {claim: Start(NOON, End(True))}

    def test_an_answer_that_was_being_written_is_none(self, name: Name) -> None:
        (claim,) = begun = claims(1)
        killed_after(name, begun, [End(True, 250)])
        damage(name, RECORDS_AT + END_AT + 8, b"\x00")
        assert start_log.read(name) == {claim: Start(NOON, None)}

    def test_an_answer_to_an_earlier_hand_over_in_the_same_place_is_none(self, name: Name) -> None:
        log = start_log.open_log(name)
        number = log.record(Held(1, uuid.uuid4()), NOON)
        log.finish(number, End(True, 250))
        log.recorded([number])
        later = claims(CAPACITY)
        for claim in later:
            log.record(claim, NOON)
        forget(log)
        del log
        found = start_log.read(name)
        assert found is not None
        assert found[later[-1]].end is None

    def test_an_answer_to_what_was_recorded_already_is_not_noted(self, name: Name) -> None:
        (claim,) = claims(1)
        log = start_log.open_log(name)
        number = log.record(claim, NOON)
        log.recorded([number])
        log.finish(number, End(True, 250))
        forget(log)
        del log
        assert start_log.read(name) == {claim: Start(NOON, None)}


class TestWhileTheProcessLives:
    def test_nothing_is_believed_that_it_may_still_add_to(self, name: Name) -> None:
        log = start_log.open_log(name)
        log.record(Held(1, uuid.uuid4()), NOON)
        assert read(name) is None
        assert start_log.left_behind() == []
        log.remove()

    def test_a_stopped_process_is_a_living_one(self, name: Name) -> None:
        pid = os.fork()
        if pid == 0:
            start_log.open_log(name)
            os.kill(os.getpid(), signal.SIGSTOP)
            os._exit(0)
        os.waitpid(pid, os.WUNTRACED)
        try:
            assert read(name) is None
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        assert read(name) == frozenset()

    def test_a_log_that_nobody_refers_to_stays_locked(self, name: Name) -> None:
        start_log.open_log(name).record(Held(1, uuid.uuid4()), NOON)
        gc.collect()
        assert read(name) is None

    def test_a_lane_may_still_record_when_the_log_was_removed(
        self, name: Name, directory: Path
    ) -> None:
        log = start_log.open_log(name)
        log.remove()
        log.record(Held(1, uuid.uuid4()), NOON)
        assert list(directory.iterdir()) == []

    def test_more_starts_than_the_ring_holds_without_a_commit_are_not_believed(
        self, name: Name
    ) -> None:
        log = start_log.open_log(name)
        for claim in claims(CAPACITY + 1):
            log.record(claim, NOON)
        forget(log)
        del log
        assert read(name) is None


class TestDamage:
    @pytest.fixture(autouse=True)
    def three_begun(self, name: Name) -> None:
        killed_after(name, claims(3))
        assert read(name) is not None

    @pytest.mark.parametrize("number", [1, 2, 3])
    def test_a_record_that_was_changed(self, name: Name, number: int) -> None:
        damage(name, RECORDS_AT + (number - 1) * RECORD_BYTES + 9, b"\x55")
        assert read(name) is None

    @pytest.mark.parametrize("number", [1, 2, 3])
    def test_a_record_that_is_gone(self, name: Name, number: int) -> None:
        damage(name, RECORDS_AT + (number - 1) * RECORD_BYTES, bytes(RECORD_BYTES))
        assert read(name) is None

    def test_a_counter_that_says_more(self, name: Name) -> None:
        damage(name, COUNTER_AT, (99).to_bytes(8, "little"))
        assert read(name) is None

    def test_a_mark_that_it_is_incomplete(self, name: Name) -> None:
        damage(name, COUNTER_AT + 8, b"\x01")
        assert read(name) is None

    def test_a_record_that_was_written_and_not_counted_has_begun(self, name: Name) -> None:
        before = read(name)
        damage(name, COUNTER_AT, (2).to_bytes(8, "little"))
        assert read(name) == before

    def test_a_record_that_was_being_written_has_not_begun_and_spoils_nothing(
        self, name: Name
    ) -> None:
        before = read(name)
        damage(name, RECORDS_AT + 3 * RECORD_BYTES, b"\x04\x00\x00")
        assert read(name) == before

    @pytest.mark.parametrize("length", [0, 10, COUNTER_AT, RECORDS_AT, FILE_BYTES - 1])
    def test_a_file_that_is_too_short(self, name: Name, length: int) -> None:
        os.truncate(name.path, length)
        assert read(name) is None

    def test_a_file_that_is_too_long(self, name: Name) -> None:
        os.truncate(name.path, FILE_BYTES + 1)
        assert read(name) is None

    def test_a_missing_file(self, name: Name) -> None:
        name.path.unlink()
        assert read(name) is None

    def test_a_log_of_another_dispatcher_under_its_name(self, name: Name) -> None:
        other = Name(name.cluster, name.dispatcher_id + 1)
        name.path.rename(other.path)
        assert read(other) is None

    def test_a_log_of_another_cluster_under_its_name(self, name: Name) -> None:
        other = Name(uuid.uuid4(), name.dispatcher_id)
        name.path.rename(other.path)
        assert read(other) is None

    def test_a_log_from_before_the_host_died(
        self, name: Name, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        later = uuid.uuid4()
        monkeypatch.setattr(start_log, "_boot", lambda: later)
        assert read(name) is None

    def test_a_link_to_a_log(self, name: Name, tmp_path: Path) -> None:
        elsewhere = tmp_path / "elsewhere"
        name.path.rename(elsewhere)
        name.path.symlink_to(elsewhere)
        assert read(name) is None

    def test_a_pipe_in_its_place_holds_nobody_up(self, name: Name) -> None:
        name.path.unlink()
        os.mkfifo(name.path)
        assert read(name) is None
        assert start_log.left_behind() == []


class TestTheDirectory:
    def test_it_is_made_for_its_user_alone(self, name: Name, directory: Path) -> None:
        start_log.open_log(name).remove()
        assert directory.stat().st_mode & 0o777 == 0o700

    def test_one_that_others_may_enter_is_closed_to_them(self, name: Name, directory: Path) -> None:
        directory.mkdir(mode=0o755)
        start_log.open_log(name).remove()
        assert directory.stat().st_mode & 0o777 == 0o700

    @pytest.mark.parametrize("obstacle", ["file", "link"])
    def test_where_none_can_be_written_dispatching_goes_on_with_a_warning(
        self,
        name: Name,
        directory: Path,
        tmp_path: Path,
        obstacle: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        if obstacle == "file":
            directory.write_text("")
        else:
            (tmp_path / "elsewhere").mkdir()
            directory.symlink_to(tmp_path / "elsewhere")
        with caplog.at_level(logging.WARNING):
            log = start_log.open_log(name)
        assert log.record(Held(1, uuid.uuid4()), NOON) == 0
        assert "no start log can be written" in caplog.text

    def test_a_full_disk_is_found_before_anything_is_sent(
        self, name: Name, directory: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(descriptor: int, data: bytes) -> int:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "write", full)
        log = start_log.open_log(name)
        assert log.record(Held(1, uuid.uuid4()), NOON) == 0
        assert list(directory.iterdir()) == []

    def test_an_old_log_that_nobody_holds_is_swept(self, name: Name) -> None:
        killed_after(name, claims(1))
        os.utime(name.path, (1, 1))
        assert start_log.left_behind() == []
        assert not name.path.exists()

    def test_files_of_others_in_it_are_left_alone(self, name: Name, directory: Path) -> None:
        start_log.open_log(name).remove()
        (directory / "notes.txt").write_text("mine")
        (directory / "strange.starts").write_text("mine")
        assert start_log.left_behind() == []
        assert len(list(directory.iterdir())) == 2
