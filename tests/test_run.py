"""`make run` in a copy of this folder, as somebody does who has just cloned it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from time import monotonic
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import pytest

from devmail import ports

ROOT = Path(__file__).parent.parent
NOT_CLONED = shutil.ignore_patterns(
    ".git", ".venv", "var", "staticfiles", "__pycache__", ".*_cache", ".env"
)
# Longer than the path of a unix socket may be, and with what shells and make stumble over.
FOLDER = "a folder with spaces, é and a name that goes on " + "and on " * 12
PAUSE = threading.Event()


class Run:
    """One `make run`, in a session of its own like that of a terminal."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        with open(folder / "run.log", "wb") as log:
            self._process = subprocess.Popen(
                ["make", "run", f"PORT={port}"],
                cwd=folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.browser: OpenerDirector = build_opener(HTTPCookieProcessor(CookieJar()))

    @property
    def output(self) -> str:
        return (self.folder / "run.log").read_text()

    def wait_for(self, condition: Callable[[], bool], seconds: float = 120) -> None:
        until = monotonic() + seconds
        while not condition():
            assert self._process.poll() is None and monotonic() < until, self.output
            PAUSE.wait(0.2)

    def get(self, path: str) -> str:
        with self.browser.open(f"http://localhost:{self.port}{path}", timeout=60) as response:
            return str(response.read().decode())

    def answers(self) -> bool:
        try:
            return bool(self.get("/admin/login/"))
        except URLError:
            return False

    def log_in(self) -> None:
        found = re.search(r"Password   (\S+)", self.output)
        assert found is not None, self.output
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get("/admin/login/"))
        assert token is not None
        form = {
            "csrfmiddlewaretoken": token[1],
            "username": "demo",
            "password": found[1],
            "next": "/mail/",
        }
        url = f"http://localhost:{self.port}/admin/login/"
        with self.browser.open(url, urlencode(form).encode(), timeout=60) as response:
            assert response.url.endswith("/mail/"), self.output

    def messages(self) -> int:
        found = re.search(r"([\d,]+) messages?<", self.get("/mail/"))
        assert found is not None
        return int(found[1].replace(",", ""))

    def interrupt(self) -> None:
        """Ctrl-C in the terminal, and all ends."""
        os.killpg(self._process.pid, signal.SIGINT)
        self._process.wait(60)

    def end(self) -> None:
        if self._process.poll() is None:
            self.interrupt()

    def processes(self) -> list[str]:
        """What runs in this folder, by the kernel's list of processes."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "cwd").resolve(strict=True).is_relative_to(self.folder):
                    found.append((process / "cmdline").read_text().replace("\0", " "))
            except (FileNotFoundError, PermissionError, ProcessLookupError):
                continue
        return found

    def wait_until_gone(self, seconds: float = 60) -> None:
        """The database stops when it has seen that nobody uses it any more."""
        until = monotonic() + seconds
        while left := self.processes():
            assert monotonic() < until, left
            PAUSE.wait(0.1)


def _environment() -> dict[str, str]:
    """Of a shell in which nothing of this project was set."""
    ours = {"DATABASE_URL", "DEBUG", "DJANGO_SETTINGS_MODULE", "TEST_DATABASE_NAME", "MAKEFLAGS"}
    return {name: value for name, value in os.environ.items() if name not in ours}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((ports.HOST, 0))
        return int(listener.getsockname()[1])


def _counts(folder: Path) -> dict[str, int]:
    """The SubTasks in the copy's own database, by status, and how many of them are in doubt."""
    code = (
        "import json; from collections import Counter; from campaigns.models import SubTask;"
        "counts = Counter(SubTask.objects.values_list('status', flat=True));"
        "print(json.dumps({**counts, 'in_doubt': SubTask.objects.in_doubt().count()}))"
    )
    result = subprocess.run(
        [sys.executable, "manage.py", "shell", "--verbosity=0", "--command", code],
        cwd=folder,
        env={**_environment(), "DEBUG": "True"},
        check=True,
        capture_output=True,
        text=True,
    )
    counts: dict[str, int] = json.loads(result.stdout)
    return counts


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A copy of the project; only the installed packages are shared, to save the download."""
    folder = tmp_path / FOLDER.strip()
    shutil.copytree(ROOT, folder, ignore=NOT_CLONED)
    (folder / ".venv").symlink_to(Path(sys.executable).parent.parent)
    yield folder
    subprocess.run(
        [sys.executable, "-m", "embedded_postgres.server", "remove"],
        cwd=folder,
        env=_environment(),
        check=True,
    )


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[[], Run]]:
    runs: list[Run] = []
    port = _free_port()

    def start() -> Run:
        runs.append(Run(folder, port))
        return runs[-1]

    yield start
    for run in runs:
        run.end()


@pytest.mark.timeout(600)
def test_make_run_sends_a_demo_stops_on_ctrl_c_and_goes_on_where_it_was(
    start: Callable[[], Run],
) -> None:
    first = start()
    first.wait_for(first.answers)
    first.log_in()
    first.wait_for(lambda: first.messages() >= 5)
    first.interrupt()
    first.wait_until_gone()
    counts = _counts(first.folder)
    assert counts["sent"] >= 5
    assert counts.keys() == {"pending", "sent", "in_doubt"}
    assert counts["in_doubt"] == 0

    second = start()
    second.wait_for(second.answers)
    second.log_in()
    second.wait_for(lambda: second.messages() > counts["sent"])
