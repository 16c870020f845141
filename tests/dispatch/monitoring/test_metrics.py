"""`/metrics`: off until there is a token, closed without it, and right when it is read."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries, Settings

from campaigns.models import Suppression
from dispatch.models import Attempt, BounceMailbox
from dispatch.monitoring.metrics import registry
from tests.concurrency import running
from tests.databases import unreachable_database
from tests.factories import (
    ContentFactory,
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    living_dispatcher,
)
from tracking import rejected_requests
from tracking.models import EventTally

TOKEN = "a-token-of-the-tests"
OPERATIONS = Path(__file__).resolve().parents[3] / "docs" / "operations.md"


@pytest.fixture
def token(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN


def get(authorization: str = f"Bearer {TOKEN}", **headers: str) -> Any:
    return Client().get("/metrics", headers={"Authorization": authorization, **headers})


def samples() -> dict[tuple[str, ...], float]:
    """Each value by the metric's name and the values of its labels, which are sorted by name."""
    response = get()
    assert response.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def names() -> set[str]:
    return {family.name for family in text_string_to_metric_families(get().text)}


def test_there_is_no_such_page_without_a_token_in_the_settings(settings: Settings) -> None:
    settings.METRICS_TOKEN = ""

    assert get().status_code == 404
    assert get("Bearer ").status_code == 404


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Bearer {TOKEN}x",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer \xe9",
    ],
)
def test_who_does_not_send_the_token_is_refused(token: None, authorization: str) -> None:
    response = get(authorization)

    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert TOKEN not in response.text


@pytest.mark.django_db
def test_the_scheme_is_written_in_any_case(token: None) -> None:
    assert get(f"bearer {TOKEN}").status_code == 200


def test_metrics_are_only_read(token: None) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}

    assert Client().post("/metrics", headers=headers).status_code == 405


@pytest.mark.django_db
def test_the_answer_is_in_prometheus_text_format_and_not_kept(token: None) -> None:
    response = get()

    assert response["Content-Type"].startswith("text/plain; version=")
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_open_metrics_are_given_to_who_asks_for_them(token: None) -> None:
    response = get(Accept="application/openmetrics-text; version=1.0.0")

    assert response["Content-Type"].startswith("application/openmetrics-text")
    assert response.text.endswith("# EOF\n")


@pytest.mark.django_db
def test_counters_are_those_of_all_dispatchers(token: None) -> None:
    service = EmailServiceFactory(name="North")
    DispatcherFactory(
        figures={
            "claimed": 9,
            "lost_races": 1,
            "claim_seconds": {"0.005": 2, "0.1": 1, "sum": 0.07},
            "services": {str(service.pk): {"accepted": 7, "unknown": 1, "unused": 1}},
        }
    )

    values = samples()

    assert values["edm_subtasks_claimed_total",] == 9
    assert values["edm_lost_races_total",] == 1
    assert values["edm_outcomes_total", "accepted", "North"] == 7
    assert values["edm_outcomes_total", "unknown", "North"] == 1
    assert values["edm_outcomes_total", "rejected", "North"] == 0
    assert values["edm_grants_unused_total", "North"] == 1


@pytest.mark.django_db
def test_histograms_are_cumulative_in_seconds(token: None) -> None:
    DispatcherFactory(figures={"claim_seconds": {"0.005": 2, "0.1": 1, "sum": 0.07}})

    values = samples()

    buckets = [values["edm_claim_duration_seconds_bucket", le] for le in ("0.002", "0.005", "0.1")]
    assert buckets == [0, 2, 3]
    assert values["edm_claim_duration_seconds_count",] == 3
    assert values["edm_claim_duration_seconds_sum",] == 0.07


@pytest.mark.django_db
def test_services_have_their_limits_and_state(token: None) -> None:
    EmailServiceFactory(name="North", sending_interval="0.5", daily_quota=100)
    EmailServiceFactory(name="South", enabled=False)

    values = samples()

    assert values["edm_service_interval_seconds", "North"] == 0.5
    assert values["edm_service_quota_messages", "North"] == 100
    assert values["edm_service_quota_used_messages", "North"] == 0
    assert ("edm_service_quota_messages", "South") not in values
    assert (values["edm_service_enabled", "North"], values["edm_service_enabled", "South"]) == (
        1,
        0,
    )


@pytest.mark.django_db
def test_tasks_have_what_is_left_of_them(token: None) -> None:
    task = SendingTaskFactory(name='Spring "sale"')
    SubTaskFactory.create_batch(2, task=task, content=ContentFactory(task=task))

    values = samples()

    assert values["edm_tasks", "sending"] == 1
    assert values["edm_task_subtasks", 'Spring "sale"', "pending", str(task.pk)] == 2
    assert values["edm_oldest_pending_age_seconds",] >= 0


@pytest.mark.django_db
def test_dispatchers_are_told_apart_by_their_process(token: None) -> None:
    for pid, accepted in ((11, 3), (12, 4)):
        living_dispatcher(pid=pid, figures={"services": {"1": {"accepted": accepted}}})

    values = samples()

    assert values["edm_dispatchers",] == 2
    assert values["edm_dispatcher_hand_overs_total", "host.example.com", "12"] == 4
    assert values["edm_dispatcher_heartbeat_age_seconds", "host.example.com", "11"] >= 0


@pytest.mark.django_db
def test_two_dispatchers_that_look_like_one_process_are_one_series(token: None) -> None:
    DispatcherFactory.create_batch(2, figures={"services": {"1": {"accepted": 3}}})

    assert samples()["edm_dispatcher_hand_overs_total", "host.example.com", "1"] == 6


@pytest.mark.django_db
def test_background_work_is_counted(token: None) -> None:
    OrmQ.objects.create(key="edm", payload="", lock="2001-01-01T00:00Z")

    assert samples()["edm_background_tasks", "waiting"] == 1


@pytest.mark.django_db
def test_names_and_help_follow_the_conventions(token: None) -> None:
    families = list(text_string_to_metric_families(get().text))
    assert len(families) > 20
    for family in families:
        assert family.name.startswith("edm_")
        assert family.documentation.endswith(".")
        assert not re.search(r"milli|_ms$|percent|minutes", family.name)


@pytest.mark.django_db
def test_every_metric_is_explained_in_operations(token: None) -> None:
    EmailServiceFactory(daily_quota=1)
    explained = set(re.findall(r"^\| `(edm_\w+)", OPERATIONS.read_text(), re.MULTILINE))

    assert {name.removesuffix("_total") for name in explained} == names()


@pytest.mark.django_db
def test_refused_requests_are_counted_by_what_was_asked_for_and_why(token: None) -> None:
    for _ in range(2):
        rejected_requests.count("webhook brevo", "wrong signature")
    rejected_requests.fold()
    rejected_requests.count("webhook brevo", "wrong signature")
    rejected_requests.count("open", "token")

    found = samples()

    assert found["edm_refused_requests_total", "webhook brevo", "wrong signature"] == 3
    assert found["edm_refused_requests_total", "open", "token"] == 1


@pytest.mark.django_db
def test_operations_names_no_metric_that_there_is_not(token: None) -> None:
    EmailServiceFactory(daily_quota=1)
    watching = OPERATIONS.read_text().partition("## Watching")[2]
    mentioned = set(re.findall(r"\bedm_[a-z_]+", watching))

    assert {re.sub(r"_(total|bucket)$", "", name) for name in mentioned} <= names()


@pytest.mark.django_db
def test_bounces_and_complaints_are_counted_by_kind_over_all_tasks(token: None) -> None:
    for task_id, kind, events in (
        (1, "hard_bounced", 3),
        (1, "complained", 1),
        (2, "hard_bounced", 2),
    ):
        EventTally.objects.create(
            task_id=task_id, kind=kind, actor="", events=events, recipients=events
        )

    found = samples()

    assert found["edm_feedback_total", "hard_bounced"] == 5
    assert found["edm_feedback_total", "complained"] == 1
    assert found["edm_feedback_total", "unsubscribed"] == 0


@pytest.mark.django_db
def test_suppressed_addresses_are_counted(token: None) -> None:
    Suppression.objects.create(email="gone@example.com")
    Suppression.objects.create(email="@example.org")

    assert samples()["edm_suppressed_addresses",] == 2


@pytest.mark.django_db
def test_a_bounce_mailbox_that_cannot_be_read_is_named(token: None) -> None:
    for name, problem in (("north", "The login is refused."), ("south", "")):
        service = EmailServiceFactory(name=name)
        BounceMailbox.objects.create(service=service, enabled=True, problem=problem)

    found = samples()

    assert found["edm_bounce_mailbox_unreadable", "north"] == 1
    assert found["edm_bounce_mailbox_unreadable", "south"] == 0


@pytest.mark.django_db(transaction=True)
def test_a_database_that_does_not_answer_is_503_and_no_stack_trace(token: None) -> None:
    def ask() -> Any:
        with unreachable_database():
            return get()

    with running(ask) as answer:
        response = answer.result()

    assert response.status_code == 503
    assert response.text == "The database does not answer.\n"


def test_nothing_is_read_for_who_has_no_token(
    token: None, django_assert_num_queries: DjangoAssertNumQueries, db: None
) -> None:
    with django_assert_num_queries(0):
        get("Bearer wrong")


@pytest.mark.django_db
def test_registering_the_metrics_reads_nothing(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(0):
        registry()


@pytest.mark.django_db
def test_no_label_has_a_name_that_prometheus_keeps_for_summaries_and_histograms(
    token: None,
) -> None:
    """promtool: non-histogram and non-summary metrics should not have "le" or "quantile" labels."""
    slot = timezone.now() - dt.timedelta(minutes=1)
    Attempt.objects.create(
        subtask=SubTaskFactory(),
        service=EmailServiceFactory(name="north", sending_interval=1),
        dispatcher_id=1,
        claim_token=uuid.uuid4(),
        slot_at=slot,
        started_at=slot + dt.timedelta(seconds=0.02),
        outcome="accepted",
    )
    families = list(text_string_to_metric_families(get().text))
    labels = {
        label
        for family in families
        if family.type not in ("histogram", "summary")
        for sample in family.samples
        for label in sample.labels
    }
    assert "rank" in labels
    assert not labels & {"quantile", "le"}
    assert not labels & {"job", "instance"}  # those that Prometheus itself sets
