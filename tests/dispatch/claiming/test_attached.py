"""The files of content, in the process that sends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models.functions import Now

from campaigns.launching import launch
from campaigns.models import Content
from dispatch.claiming import attached
from tests.campaigns.attachments.making import PDF, attach
from tests.factories import ContactFactory, TaskFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    attached._kept.clear()
    attached._key.cache_clear()
    yield
    attached._kept.clear()
    attached._key.cache_clear()


def content_with(*files: tuple[str, bytes]) -> Content:
    task = TaskFactory(status="queued", launched_at=Now())
    ContactFactory(owner=task.owner)
    for name, data in files:
        attach(task, name, data)
    launch.expand(task.pk)
    return Content.objects.get(task=task)


def test_content_without_files_costs_no_query(django_assert_num_queries: Any) -> None:
    content = content_with()
    with django_assert_num_queries(0):
        assert not attached.attached_to(content)


def test_files_are_read_once_and_shared_by_contents(django_assert_num_queries: Any) -> None:
    first = attached.attached_to(content_with(("a.pdf", PDF)))
    second = content_with(("a.pdf", PDF))
    assert attached.attached_to(second) is first
    with django_assert_num_queries(0):
        assert attached.attached_to(second).files[0].data == PDF


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attached, "MOST_KEPT", 50)
    contents = [content_with(("a.pdf", b"%PDF-" + bytes([65 + n]) * 20)) for n in range(4)]
    first = attached.attached_to(contents[0])
    for content in contents:
        attached.attached_to(content)
    assert sum(each.octets for each in attached._kept.values()) <= 50
    assert attached.attached_to(contents[0]) is not first
