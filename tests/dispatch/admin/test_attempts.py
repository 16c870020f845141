"""Attempts are read by whoever may, and changed by nobody."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User

from dispatch.admin import attempts
from dispatch.models import Attempt
from signin.models import Profile
from tests.campaigns.admin.staff import MANAGER, SUPERUSER, address, member, page_of, signed_in
from tests.factories import EmailServiceFactory, SubTaskFactory

pytestmark = pytest.mark.django_db

LIST = address("dispatch.attempt", "changelist")


def attempt(**kwargs: Any) -> Attempt:
    made: Attempt = Attempt.objects.create(
        **{
            "subtask": SubTaskFactory(),
            "service": EmailServiceFactory(),
            "dispatcher_id": 1,
            "claim_token": uuid.uuid4(),
            "slot_at": "2030-01-02T03:04:05.678Z",
            "started_at": "2030-01-02T03:04:05.789Z",
            "outcome": "accepted",
            **kwargs,
        }
    )
    return made


def found(query: str = "", user: User | None = None) -> list[int]:
    response = signed_in(user or member(SUPERUSER)).get(LIST + query)
    return [row.pk for row in response.context["cl"].result_list]


def test_nobody_adds_changes_or_deletes_one() -> None:
    row = attempt()
    client = signed_in(member(SUPERUSER))
    assert client.post(address("dispatch.attempt", "add"), {}).status_code == 403
    assert client.post(address("dispatch.attempt", "change", row.pk), {}).status_code == 403
    delete = address("dispatch.attempt", "delete", row.pk)
    assert client.post(delete, {"post": "yes"}).status_code == 403
    form = {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
    client.post(LIST, form)
    assert Attempt.objects.exists()


def test_the_list_says_the_second_and_the_technical_details_the_millisecond() -> None:
    row = attempt(code=250, reply="2.0.0 Ok")
    client = signed_in(member(SUPERUSER))
    listed = page_of(client.get(LIST))
    assert "2 Jan 2030, 03:04:05<" in listed
    assert ">250 2.0.0 Ok<" in listed
    assert str(row.claim_token) not in listed
    page = page_of(client.get(address("dispatch.attempt", "change", row.pk)))
    plain, details = page.split("Technical details", 1)
    assert "2 Jan 2030, 03:04:05<" in plain
    assert "2 Jan 2030, 03:04:05.678" in details
    assert str(row.claim_token) in details


def test_replies_are_text_and_nothing_else() -> None:
    attempt(reply="<script>alert(1)</script>")
    assert "<script>alert(1)" not in page_of(signed_in(member(SUPERUSER)).get(LIST))


def test_the_list_is_narrowed_by_outcome_service_time_and_recipient() -> None:
    row = attempt(outcome="deferred", started_at="2031-01-01T00:00Z")
    attempt()
    recipient = row.subtask.recipient_email.upper()
    for query in (
        "?outcome__exact=deferred",
        f"?service={row.service_id}",
        "?started_at_from_0=2030-12-31",
        f"?q={recipient}",
    ):
        assert found(query) == [row.pk], query


def test_an_owners_older_attempts_are_found_by_the_recipient(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Among millions of everybody's attempts, those of one owner cannot be looked for."""
    user = member(MANAGER)
    old, new = (attempt(subtask=SubTaskFactory(task__owner=user)) for _ in range(2))
    monkeypatch.setattr(attempts, "NEWEST", 1)
    assert found(user=user) == [new.pk]
    assert found(f"?q={old.subtask.recipient_email}", user) == [old.pk]
    url = address("dispatch.attempt", "change", old.pk)
    assert signed_in(user).get(url).status_code == 200


def test_what_went_wrong_is_kept_in_english_and_read_in_chinese() -> None:
    row = attempt(outcome="service_error", reply="Could not connect: timed out")
    user = member(SUPERUSER)
    Profile.objects.update_or_create(user=user, defaults={"language": "zh-hans"})
    page = page_of(signed_in(user).get(address("dispatch.attempt", "change", row.pk)))
    assert "无法连接：超时" in page
    assert "Could not connect" not in page
