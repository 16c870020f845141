from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission, User
from django.db import connection, connections
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from campaigns.launching import launch
from campaigns.models import Operation, OperationState, Task, TaskStatus
from campaigns.operations import running
from dispatch.engine.dispatcher import Dispatcher
from dispatch.process.maintenance import MaintenanceLoop
from tests.browser.chromium import DESKTOP, Browser

PASSWORD = "a long passphrase"
LAUNCHER_SECONDS = 0.1


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    made = Browser(tmp_path_factory.mktemp("chromium"))
    yield made
    made.quit()


@pytest.fixture(scope="session", autouse=True)
def no_kept_connections() -> None:
    """The threads of the live server keep none open: the database is deleted at the end."""
    connections.settings["default"]["CONN_MAX_AGE"] = 0


@pytest.fixture(scope="session", autouse=True)
def rights(django_db_setup: None, django_db_blocker: Any) -> dict[str, list[tuple[str, str]]]:
    """The permissions of each role, as migrations gave them: read before a test empties tables."""
    with django_db_blocker.unblock():
        found = Group.objects.values_list(
            "name", "permissions__content_type__app_label", "permissions__codename"
        )
        given: dict[str, list[tuple[str, str]]] = {}
        for name, app, codename in found:
            given.setdefault(name, []).append((app, codename))
        connection.close()
    return given


@pytest.fixture
def roles(transactional_db: None, rights: dict[str, list[tuple[str, str]]]) -> None:
    """The groups of the roles, made again."""
    known = Permission.objects.values_list("content_type__app_label", "codename", "pk")
    keys = {(app, codename): pk for app, codename, pk in known}
    for name, permissions in rights.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set([keys[each] for each in permissions])


@pytest.fixture
def user(transactional_db: None) -> User:
    return User.objects.create_superuser("ada", "ada@example.com", PASSWORD)


@pytest.fixture
def browser(chromium: Browser, live_server: LiveServer) -> Iterator[Browser]:
    """Not signed in. Whatever a test does, no script fails and nothing is fetched elsewhere."""
    chromium.site = live_server.url
    chromium.driver.delete_all_cookies()
    chromium.resize(DESKTOP)
    chromium.complaints()
    chromium.foreign_requests()
    yield chromium
    chromium.wait(lambda: not asks(chromium), "the page asks on and on")  # for rows that go now
    complaints, foreign = chromium.complaints(), chromium.foreign_requests()
    chromium.driver.get("about:blank")  # else it goes on asking for news
    assert complaints == []
    assert foreign == []


def asks(browser: Browser) -> bool:
    """Whether the page waits for an answer."""
    return bool(browser.driver.find_elements("css selector", ".htmx-request"))


@pytest.fixture
def admin(browser: Browser, user: User) -> Browser:
    """Signed in."""
    sign_in_as(browser, user)
    return browser


def sign_in_as(browser: Browser, user: User) -> None:
    """In place of who was signed in, without a form."""
    client = Client()
    client.force_login(user)
    browser.open("/admin/login/")
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    browser.driver.add_cookie({"name": settings.SESSION_COOKIE_NAME, "value": session})


@pytest.fixture
def works(live_server: LiveServer) -> Iterator[Callable[[], None]]:
    """Do what a cluster does from now on, in threads: launch, dispatch, operations, maintenance."""
    stop = threading.Event()
    maintenance_loop = MaintenanceLoop()
    threads = [
        threading.Thread(target=_until, args=(stop, _launch)),
        threading.Thread(target=_until, args=(stop, _operate)),
        threading.Thread(target=_until, args=(stop, lambda: _dispatch(stop))),
        threading.Thread(target=maintenance_loop.run),
    ]

    def start() -> None:
        for thread in threads:
            thread.start()

    yield start
    stop.set()
    maintenance_loop.stop()
    for thread in threads:
        if thread.ident:
            thread.join(20)


def _until(stop: threading.Event, work: Callable[[], None]) -> None:
    try:
        while not stop.wait(LAUNCHER_SECONDS):
            work()
    finally:
        connection.close()


def _launch() -> None:
    for task_id in Task.objects.filter(status=TaskStatus.QUEUED).values_list("pk", flat=True):
        launch.expand(task_id)


def _operate() -> None:
    queued = Operation.objects.filter(state=OperationState.QUEUED)
    for operation_id in queued.order_by("pk").values_list("pk", flat=True):
        running.run(operation_id)


def _dispatch(stop: threading.Event) -> None:
    Dispatcher(uuid.uuid4()).run(stop.is_set, 120)


@pytest.fixture
def contacts_file(tmp_path: Path) -> Path:
    path = tmp_path / "contacts.csv"
    path.write_text("email,name\nada@example.com,Ada\nnobody,Bob\nCleo@Example.com,Cleo\n")
    return path
