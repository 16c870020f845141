"""Forged, replayed, malformed and oversized requests to the public addresses leave no trace but
counters.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from campaigns.models import Suppression
from edm_project.environment import new_fernet_key
from tests.tracking.hostile import ENDPOINTS, IDS, PROMISE, Case, everything, everything_stored
from tests.tracking.making import from_launch, frozen
from tests.tracking.visiting import BROWSER
from tracking import rejected_requests
from tracking.events import apply
from tracking.links.personalise import PATHS
from tracking.links.tokens import Purpose, sign
from tracking.models import Event, EventTally, RejectedRequests

IN_MAIL = (
    Purpose.OPEN,
    Purpose.CLICK,
    Purpose.WEB_VIEW,
    Purpose.UNSUBSCRIBE,
    Purpose.PREFERENCES,
)


def send(case: Case) -> Any:
    environ: dict[str, Any] = {"HTTP_USER_AGENT": BROWSER, **case.headers}
    client = Client(raise_request_exception=False)
    return client.generic(case.method, case.path, case.body, case.content_type, **environ)


@pytest.mark.django_db
def test_hostile_requests_are_refused_and_leave_no_trace_but_counters(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    subtask = from_launch(frozen('<a href="https://example.com/">x</a>', track_opens=True))
    cases = everything(f"/{PATHS[Purpose.PREFERENCES]}/{sign(Purpose.PREFERENCES, subtask.pk)}")
    assert len({case.name for case in cases}) == len(cases) >= 200
    before = everything_stored()

    answers = {case.name: (send(case).status_code, case.expected) for case in cases}
    apply.apply_waiting()

    wrong = {name: got for name, (got, expected) in answers.items() if got not in expected}
    assert wrong == {}
    assert everything_stored() == before
    rejected_requests.fold()
    counted = {(r.endpoint, r.reason): r.count for r in RejectedRequests.objects.all()}
    assert set(counted) == {
        *((name, "token") for name in ENDPOINTS),
        *((name, "method") for name in ENDPOINTS),
        ("preferences", "form"),
        ("preferences", "too large"),
    }
    assert sum(counted.values()) > len(cases) * 0.9  # the rest did not even reach us


@pytest.mark.django_db
@pytest.mark.parametrize("purpose", IN_MAIL)
def test_tokens_of_another_key_are_forged(settings: Settings, purpose: Purpose) -> None:
    ours = settings.TRACKING_KEYS
    settings.TRACKING_KEYS = [new_fernet_key()]
    tokens = [sign(purpose, *[n] * IDS[purpose]) for n in range(1, 20)]
    settings.TRACKING_KEYS = ours

    for token in tokens:
        send(Case("", f"/{PATHS[purpose]}/{token}"))
        send(Case("", f"/{PATHS[purpose]}/{token}", "POST", PROMISE))

    assert not Event.objects.exists()
    assert not Suppression.objects.exists()


@pytest.mark.django_db
def test_a_replayed_unsubscribe_is_told_once_and_a_replayed_click_is_another_click() -> None:
    subtask = from_launch(frozen('<a href="https://example.com/">x</a>'))
    for _ in range(5):
        send(Case("", f"/u/{sign(Purpose.UNSUBSCRIBE, subtask.pk)}", "POST", PROMISE))
        send(Case("", f"/c/{sign(Purpose.CLICK, subtask.pk, *subtask.content.link_ids)}"))
    apply.apply_waiting()

    counted = {t.kind: (t.events, t.recipients) for t in EventTally.objects.all()}
    assert counted == {"unsubscribed": (1, 1), "clicked": (5, 1)}
