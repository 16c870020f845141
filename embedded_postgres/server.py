"""PostgreSQL for development and tests, on data of its own, shared by every process that wants it.

The kernel tracks the users of the server, not a list that can be stale: each user process holds a
shared lock on one file, which forked children inherit, and a caretaker process waits for the
exclusive lock. It gets it when the last user has ended, even by a kill, and stops the server.

Locks in `home`: `users.lock` as said; `start.lock` held while a process ensures that the server
runs; `caretaker.lock` held (shared) by a caretaker for its life.
"""

import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import ClassVar

from embedded_postgres import programs
from embedded_postgres.address import PROJECT_DIRECTORY, Address
from embedded_postgres.programs import EmbeddedPostgresError

START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 30
READY = "ready"
MARK = "checkout"

SERVER_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "jit": "off",
    "max_wal_size": "2GB",
}


class EmbeddedPostgres(Address):
    """The server whose data live in one directory. Cheap to create; nothing starts before `use`."""

    _users_locks: ClassVar[dict[Path, int]] = {}  # the descriptor this process holds, by home
    _mutex: ClassVar[threading.Lock] = threading.Lock()

    def use(self) -> None:
        """Have the server run until this process and its forked children are gone. Costs well under
        a millisecond when it runs already. Raises EmbeddedPostgresError."""
        with self._mutex:
            held = self._users_locks.get(self.home)
            if held is not None and _is_same_file(held, self.home / "users.lock"):
                return
            programs.make_home(self.home)
            # Waits while a caretaker is stopping the server.
            self._users_locks[self.home] = _locked(self.home / "users.lock", fcntl.LOCK_SH)
        self.start()

    def start(self) -> None:
        """Start the server unless it runs. Processes that call this together take turns."""
        start_lock = _locked(self.home / "start.lock", fcntl.LOCK_EX)
        try:
            if not (self._serves_our_data() and self._has_caretaker()):
                self._appoint_caretaker(start_lock)
        finally:
            os.close(start_lock)

    def is_running(self) -> bool:
        """Whether a process listens on the socket: true also while the server starts up or
        stops."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.socket))
            except OSError:
                return False
        return True

    def stop(self) -> None:
        """Stop the server, even while it is used. The next new connection starts it again."""
        if self._serves_our_data():
            timeout = f"--timeout={STOP_TIMEOUT_SECONDS}"
            data = f"--pgdata={self.data}"
            try:
                programs.run(self.home, "pg_ctl", "stop", data, "--mode=fast", timeout, "--wait")
            except EmbeddedPostgresError:
                if self._serves_our_data():  # else another process has just stopped it
                    raise

    def remove(self) -> None:
        """Stop the server and delete its data."""
        self.stop()
        self._end_leftover()
        for directory in (self.home, self.socket_directory):
            shutil.rmtree(directory, ignore_errors=True)

    def take_care(self, start_lock: int) -> None:
        """The caretaker's main function: start the server, report it (or the error) on standard
        output, wait until the last user has ended, stop it."""
        life = _locked(self.home / "caretaker.lock", fcntl.LOCK_SH)
        try:
            self._ensure_started()
        except EmbeddedPostgresError as error:
            print(error)
            return
        print(READY, flush=True)
        os.close(start_lock)
        os.close(sys.stdout.fileno())
        users = _locked(self.home / "users.lock", fcntl.LOCK_EX)
        data_are_ours = _is_same_file(life, self.home / "caretaker.lock")  # not deleted meanwhile
        if data_are_ours:
            self.stop()
        os.close(life)
        os.close(users)

    def _serves_our_data(self) -> bool:
        return self.is_running() and (self.data / "postmaster.pid").exists()

    def _has_caretaker(self) -> bool:
        try:
            os.close(_locked(self.home / "caretaker.lock", fcntl.LOCK_EX | fcntl.LOCK_NB))
        except BlockingIOError:
            return True
        return False

    def _appoint_caretaker(self, start_lock: int) -> None:
        """Start a caretaker and wait until it has started the server. It inherits the start lock:
        should this process be killed meanwhile, no other process interferes with the start."""
        caretaker = subprocess.Popen(
            [
                sys.executable,
                "-m",
                __spec__.name,
                "take-care",
                str(self.wanted_home),
                str(start_lock),
            ],
            pass_fds=[start_lock],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # out of reach of the terminal's Ctrl-C
            cwd=PROJECT_DIRECTORY,
        )
        assert caretaker.stdout is not None
        with caretaker.stdout:
            answer = caretaker.stdout.read().strip()
        if answer != READY:
            caretaker.wait()
            raise EmbeddedPostgresError(answer or "The database's caretaker died, see above.")
        # It outlives us: without this, Python would warn about a child that still runs.
        caretaker.returncode = 0

    def _ensure_started(self) -> None:
        if self._serves_our_data():
            return
        programs.make_private_directory(self.socket_directory)
        self._end_leftover()
        self._await_end_of_previous()
        self.forget_deleted_checkout()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._start()

    def forget_deleted_checkout(self) -> None:
        """Delete data that stand in for a directory that is gone: a new checkout at the same path
        would find the database of the old one. Both have the same random mark.
        """
        if self.home == self.wanted_home:
            return
        here, there = self.home / MARK, self.wanted_home / MARK
        if here.exists() and not (there.exists() and here.read_text() == there.read_text()):
            shutil.rmtree(self.data, ignore_errors=True)
            here.unlink()
        if not here.exists():
            self.wanted_home.mkdir(parents=True, exist_ok=True)
            there.write_text(secrets.token_hex())
            shutil.copyfile(there, here)

    def _initialise(self) -> None:
        """Make the data directory complete or not at all: a kill half-way leaves only a draft."""
        draft = self.home / "data.draft"
        shutil.rmtree(draft, ignore_errors=True)
        programs.make_private_directory(draft)
        programs.run(
            self.home,
            "initdb",
            f"--pgdata={draft}",
            f"--username={self.user}",
            "--auth=trust",  # the socket's directory is closed to everybody else
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        )
        statement = f"CREATE DATABASE {self.database}\n"
        programs.run(
            self.home, "postgres", "--single", "-D", str(draft), "template1", stdin=statement
        )
        draft.rename(self.data)

    def _start(self) -> None:
        log = self.data / "server.log"
        settings = {**SERVER_SETTINGS, "unix_socket_directories": str(self.socket_directory)}
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        arguments = (f"--pgdata={self.data}", f"--log={log}", f"--options={options}")
        timeout = f"--timeout={START_TIMEOUT_SECONDS}"
        try:
            programs.run(self.home, "pg_ctl", "start", *arguments, timeout, "--wait")
        except EmbeddedPostgresError as error:
            lines = log.read_text(errors="replace").splitlines() if log.exists() else []
            raise EmbeddedPostgresError(
                "\n".join([str(error), f"{log} ends:", *lines[-20:]])
            ) from None

    def _end_leftover(self) -> None:
        """End a server that still listens on our socket although its data were deleted."""
        pid = _recorded_pid(self.socket_lock)
        if pid and self.is_running():
            os.kill(pid, signal.SIGQUIT)
            _wait_for_end(pid)

    def _await_end_of_previous(self) -> None:
        """Let a server that was stopped or killed just now end, and remove what a killed one left:
        PostgreSQL takes any process that has the recorded pid by now for a running server."""
        for lock in (self.data / "postmaster.pid", self.socket_lock):
            pid = _recorded_pid(lock)
            if pid is None:
                continue
            _wait_for_end(pid)
            if not programs.is_live_server(pid):
                lock.unlink(missing_ok=True)


def _recorded_pid(path: Path) -> int | None:
    try:
        return abs(int(path.read_text().split()[0]))
    except (FileNotFoundError, IndexError):
        return None


def _wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
    while programs.is_live_server(pid) and time.monotonic() < deadline:
        time.sleep(0.02)


def _locked(path: Path, operation: int) -> int:
    """A descriptor that holds the lock until it and its copies in forked children are closed."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, operation)
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor


def _is_same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def main(arguments: list[str]) -> None:
    match arguments:
        case ["take-care", home, start_lock]:
            EmbeddedPostgres(Path(home)).take_care(int(start_lock))
        case ["stop"]:
            EmbeddedPostgres().stop()
        case ["remove"]:
            EmbeddedPostgres().remove()
        case _:
            sys.exit("usage: python -m embedded_postgres.server stop | remove")


if __name__ == "__main__":
    main(sys.argv[1:])
