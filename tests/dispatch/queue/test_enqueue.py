"""The queue holds dotted names: each has to be a function, wherever that is moved."""

from __future__ import annotations

import pytest
from django.utils.module_loading import import_string

from campaigns import background
from dispatch.queue import enqueue


@pytest.mark.parametrize(
    "name",
    [enqueue.DISPATCH, enqueue.CHECK_DOMAIN, enqueue.CHECK_ACCOUNT, enqueue.READ_BOUNCES],
)
def test_a_worker_finds_what_it_is_told_to_do(name: str) -> None:
    assert callable(import_string(name))


@pytest.mark.parametrize(
    ("kind", "attempts"), [(enqueue.DOMAIN, 3), (enqueue.ACCOUNT, 3), (enqueue.BOUNCES, 1)]
)
def test_background_work_is_tried_as_often_as_its_function_says(kind: str, attempts: int) -> None:
    for name in (enqueue.CHECK_DOMAIN, enqueue.CHECK_ACCOUNT, enqueue.READ_BOUNCES):
        import_string(name)
    assert background.KINDS[kind].attempts == attempts
