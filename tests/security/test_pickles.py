"""Nothing that serves pages reads a pickle from the database, which would run what is in it."""

from __future__ import annotations

import base64
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse
from django_q.signing import SignedPackage
from pytest_django import Settings

from dispatch.monitoring import snapshot
from tests.campaigns.admin.staff import SUPERUSER, member, signed_in

pytestmark = pytest.mark.django_db


class Evil:
    """Makes a folder when it is read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.mkdir, (str(self.folder),)


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """There when a pickle was read. In every column that django-q2 pickles, is one."""
    folder = tmp_path / "was read"
    stored = base64.b64encode(pickle.dumps(Evil(folder))).decode()
    columns = "id, name, func, args, kwargs, result, started, stopped, success, attempt_count"
    with connection.cursor() as cursor:
        for number, success in enumerate((True, False)):
            cursor.execute(
                f"INSERT INTO django_q_task ({columns})"
                " VALUES (%s, 'launch task 1', 'x', %s, %s, %s, now(), now(), %s, 1)",
                [str(number) * 32, stored, stored, stored, success],
            )
        for payload in (stored, SignedPackage.dumps(Evil(folder))):
            cursor.execute(
                "INSERT INTO django_q_ormq (key, payload, lock) VALUES ('edm', %s, now())",
                [payload],
            )
    return folder


@pytest.fixture
def client() -> Client:
    return signed_in(member(SUPERUSER))


def test_the_trap_works(trap: Path) -> None:
    SignedPackage.loads(SignedPackage.dumps(Evil(trap)))
    assert trap.exists()


def test_neither_the_queue_nor_the_results_of_tasks_have_pages() -> None:
    assert {model._meta.app_label for model in admin.site._registry} >= {"campaigns"}
    assert not [model for model in admin.site._registry if model._meta.app_label == "django_q"]


def test_neither_monitor_nor_metrics_nor_probes_read_a_pickle(
    client: Client, trap: Path, settings: Settings
) -> None:
    settings.METRICS_TOKEN = "a token for this test alone"
    authorised = {"Authorization": f"Bearer {settings.METRICS_TOKEN}"}
    assert client.get(reverse("admin:index")).status_code == 200
    assert client.get("/metrics", headers=authorised).status_code == 200
    assert client.get("/healthz").status_code == 200
    client.get("/readyz")
    client.get(reverse("monitor"))
    assert snapshot.take().background.waiting == 2
    assert not trap.exists()
