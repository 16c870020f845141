"""Messages that are made to cost: each ends at its limit, wherever it is at; what a whole campaign
may cost is bounded, and others on the same service do not wait for it.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import pytest
from django.test import Client

from campaigns.models import Content, SubTask, Task, TaskStatus
from campaigns.rendering import budget as render_budget
from campaigns.rendering import content, template_work
from campaigns.rendering.content import RenderError, TooCostly
from campaigns.rendering.renderer import Renderer
from campaigns.state import lifecycle
from dispatch.models import EmailService
from sandbox import Failed
from tests.dispatching import Dispatch, MakeService
from tests.factories import (
    ContentFactory,
    SendingTaskFactory,
    SubTaskFactory,
)
from tests.security.costly import UNIQUE, WORDS
from tests.tracking.making import from_launch, frozen
from tracking.links import personalise
from tracking.links.tokens import Purpose

HOSTILE: dict[str, tuple[str, dict[str, Any]]] = {
    "uniq": (UNIQUE, {"words": WORDS}),
    "concat that doubles": (
        "{% for i in (1..40) %}{% assign d = d | concat: d %}{% endfor %}{{ d | size }}",
        {"d": [{"a": 1}]},
    ),
    "a range": ('{% if (1..9000000000) contains "x" %}{% endif %}', {}),
    "a range as a list": ("{{ (1..900000000) | join: ',' }}", {}),
    "replace": (
        '{{ "x" | replace: "x", l | replace: "x", l | replace: "x", l }}',
        {"l": "x" * 999},
    ),
    "append": (
        "{% for i in (1..60) %}{% capture l %}{{ l }}{{ l }}{% endcapture %}{% endfor %}",
        {"l": "x"},
    ),
    "times": ("{% for i in (1..99) %}{% assign n = n | times: n %}{% endfor %}", {"n": 7}),
    "sort": (
        "{{ words | split: '' | sort | sort_natural | reverse | uniq | size }}",
        {"words": WORDS},
    ),
    "filters in a loop": (
        "{% for i in (1..9999) %}{% assign q = l | upcase | strip_html %}{% endfor %}",
        {"l": "x<" * 200_000},
    ),
    "loops": (
        "{% for a in (1..100) %}{% for b in (1..100) %}{{ words | size }}{{ words | split: ' ' | size }}"
        "{% endfor %}{% endfor %}",
        {"words": WORDS},
    ),
}
LIMIT = (
    "0.25 s of processor time|128 MB of memory|limit reached|makes more than"
    "|what is kept in variables is too long"
)


class Source:
    subject, preview_text, text = "Hi", "", "-"

    def __init__(self, html: str) -> None:
        self.html = html


@pytest.mark.parametrize(("html", "variables"), HOSTILE.values(), ids=HOSTILE)
def test_a_message_ends_at_its_limit_and_says_which(html: str, variables: dict[str, Any]) -> None:
    with pytest.raises(RenderError, match=f"HTML.*({LIMIT})") as error:
        content.render(Source(html), variables)
    assert not isinstance(error.value, TooCostly)


def test_a_number_that_python_does_not_write_is_named_for_staff() -> None:
    html = "{{ 9999999999 " + "| times: 9999999999 " * 500 + "}}"
    with pytest.raises(RenderError, match=r"HTML: a number gets too large to be written\."):
        content.render(Source(html), {})


def test_a_long_subject_is_refused() -> None:
    made = Source("<p>")
    made.subject = "{{ a }}"
    with pytest.raises(RenderError, match="Subject: for this recipient it is longer than 2,000"):
        content.render(made, {"a": "x" * 2_001})


def test_the_limit_is_the_same_for_a_worker_that_knows_the_template() -> None:
    html = UNIQUE + "{{ 'known' | upcase }}"
    assert "KNOWN" in content.render(Source(html), {}).html
    with pytest.raises(RenderError, match=r"takes more than 0\.25 s of processor time"):
        content.render(Source(html), {"words": WORDS})


def test_times_reach_the_worker_as_they_are() -> None:
    now = dt.datetime(2026, 3, 4, 5, 6, 7)
    html = "{{ 'now' | date: '%H:%M:%S' }} {{ today | date: '%d' }}"
    assert content.render(Source(html), {"now": now, "today": now.date()}).html == "05:06:07 04"


class TestTheBudgetOfATemplate:
    def test_lets_a_few_messages_reach_their_limit_and_no_more(self) -> None:
        renderer = Renderer("Hi", "", UNIQUE + "{{ 'few' | upcase }}", "-")
        assert reached(renderer, 20) == pytest.approx(5, abs=1)

    def test_is_renewed_when_its_task_goes_on(self) -> None:
        html = UNIQUE + "{{ 'renewed' | upcase }}"
        spend(html)
        with pytest.raises(
            TooCostly, match=r"HTML: rendering .* messages took .* s of processor time"
        ):
            content.render(Source(html), {})

        content.renew_budget(Source(html))

        assert "RENEWED" in content.render(Source(html), {}).html

    def test_is_not_spent_by_messages_that_cost_what_they_may(self) -> None:
        budget = render_budget.RenderBudget()
        for _ in range(1_000):
            budget.charge(render_budget.SECONDS_A_MESSAGE)
        assert budget.spent() == ""

    def test_is_spent_by_messages_that_cost_more_on_average(self) -> None:
        budget = render_budget.RenderBudget()
        for _ in range(60):
            budget.charge(2 * render_budget.SECONDS_A_MESSAGE)
        assert budget.spent()

    def test_comes_back_with_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        budget = render_budget.RenderBudget()
        budget.charge(1.1)
        assert budget.spent()
        later = time.monotonic() + 100
        monkeypatch.setattr(time, "monotonic", lambda: later)
        assert not budget.spent()


def reached(renderer: Renderer, messages: int) -> int:
    """How many messages are rendered up to their limit."""
    count = 0
    for _ in range(messages):
        try:
            renderer.fill({"words": WORDS})
        except Exception as error:
            count += type(error).__name__ == "CannotRender"
    return count


def spend(html: str) -> None:
    for _ in range(6):
        with pytest.raises(RenderError):
            content.render(Source(html), {"words": WORDS})


@pytest.mark.django_db
def test_the_pixel_and_the_links_of_a_recipient_need_no_worker() -> None:
    made = frozen('<a href="https://x.test/">Hi {{ name }}</a>', track_opens=True)
    assert content.is_plain(made)


@pytest.mark.django_db
class TestWhileSending:
    def evil(self, service: EmailService, count: int) -> Task:
        task: Task = SendingTaskFactory()
        made: Content = ContentFactory(task=task, html=UNIQUE + f"{{{{ '{task.pk}' | upcase }}}}")
        SubTaskFactory.create_batch(count, task=task, content=made, variables={"words": WORDS})
        return task

    def test_a_task_whose_messages_reach_their_limits_is_paused(
        self, make_service: MakeService, dispatch: Dispatch
    ) -> None:
        task = self.evil(make_service(max_connections=2), 30)

        dispatch(lambda: Task.objects.get(pk=task.pk).status == TaskStatus.PAUSED, seconds=60)

        task.refresh_from_db()
        assert task.status == TaskStatus.PAUSED
        assert task.note.startswith("Paused automatically: its template costs too much. HTML: ")
        failed = SubTask.objects.filter(task=task, failure_reason="render_error")
        assert 1 <= failed.count() <= 8
        assert "0.25 s of processor time" in failed[0].error
        assert SubTask.objects.filter(task=task, status="pending").count() == 30 - failed.count()

    def test_another_owner_on_the_same_service_is_served_meanwhile(
        self, make_service: MakeService, dispatch: Dispatch
    ) -> None:
        service = make_service(sending_interval="0.1", max_connections=2)
        evil = self.evil(service, 200)
        good = SendingTaskFactory()
        SubTaskFactory.create_batch(20, task=good, content=ContentFactory(task=good))

        def all_sent() -> bool:
            return SubTask.objects.filter(task=good, status="sent").count() == 20

        dispatch(all_sent, seconds=60)

        assert all_sent()
        evil.refresh_from_db()
        assert evil.status == TaskStatus.PAUSED
        assert SubTask.objects.filter(task=evil, status="failed").count() <= 8

    def test_a_resumed_task_goes_on(self, make_service: MakeService, dispatch: Dispatch) -> None:
        task = self.evil(make_service(max_connections=2), 10)
        dispatch(lambda: Task.objects.get(pk=task.pk).status == TaskStatus.PAUSED, seconds=60)
        SubTask.objects.filter(task=task, status="pending").update(variables={})
        task.refresh_from_db()
        lifecycle.resume(task)

        dispatch(seconds=60)

        assert not SubTask.objects.filter(task=task, status="pending").exists()
        assert SubTask.objects.filter(task=task, status="sent").exists()

    def test_a_message_that_no_worker_could_render_waits_and_is_sent(
        self, make_service: MakeService, dispatch: Dispatch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_service()
        task = SendingTaskFactory()
        made = ContentFactory(task=task, html="{{ name | upcase }}" + "{{ 'waits' | upcase }}")
        subtask = SubTaskFactory(task=task, content=made)
        failures = [Failed("all workers are busy")]
        fill = template_work.fill

        def fail_once(*args: Any) -> Any:
            if failures:
                raise failures.pop()
            return fill(*args)

        monkeypatch.setattr(template_work, "fill", fail_once)
        monkeypatch.setattr("dispatch.claiming.compose.NO_WORKER_SECONDS", 0.1)

        dispatch()

        subtask.refresh_from_db()
        assert (subtask.status, subtask.attempts) == ("sent", 0)


@pytest.mark.django_db
class TestThePublicPages:
    def address(self, purpose: Any, *ids: int) -> str:
        return personalise.address(purpose, *ids).removeprefix("http://testserver")

    def test_a_message_that_reaches_its_limit_is_not_shown_in_the_browser(
        self, client: Client
    ) -> None:
        made = frozen(UNIQUE)
        subtask = from_launch(made, variables={"words": WORDS})
        url = personalise.address(Purpose.WEB_VIEW, subtask.pk)
        assert client.get(url).status_code == 404

    def test_a_machine_that_fails_is_a_page_that_says_so(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*args: object) -> None:
            raise Failed("all workers are busy")

        made = frozen("Hi {{ name | upcase }}")
        url = personalise.address(Purpose.WEB_VIEW, from_launch(made).pk)
        monkeypatch.setattr(template_work, "fill", fail)
        response = client.get(url)
        assert response.status_code == 503
        assert "open it again in a moment" in response.content.decode()
        assert response.headers["Retry-After"] == "10"

    def test_a_personal_link_that_is_slow_leads_nowhere(self, client: Client) -> None:
        made = frozen(
            "<a href=\"https://x.test/{{ words | split: ' ' | uniq | size }}\">x</a>",
        )
        subtask = from_launch(made, variables={"words": WORDS})
        url = personalise.address(Purpose.CLICK, subtask.pk, made.link_ids[0])
        assert client.get(url).status_code == 404


@pytest.mark.django_db
class TestWithoutWorkers:
    """Dispatchers fill in plain messages of launched content also when no worker can be had."""

    @pytest.fixture
    def no_worker(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def run(*args: object) -> bytes:
            raise Failed("no worker")

        content._renderer.cache_clear()  # type: ignore[attr-defined]
        monkeypatch.setattr("sandbox.pool.run", run)

    def launched(self, html: str = "<p>Dear {{ name }}</p>") -> Content:
        return Content.objects.get(pk=frozen(html, track_opens=True).pk)

    def rendered(self, made: Content, **variables: Any) -> str:
        return content.render(made, personalise.variables(1, made, variables)).html

    def test_a_plain_message_needs_none(self, request: pytest.FixtureRequest) -> None:
        made = self.launched()
        request.getfixturevalue("no_worker")

        assert "<p>Dear Ada</p>" in self.rendered(made, name="Ada")

    def test_the_bytes_are_those_that_a_worker_makes(self, request: pytest.FixtureRequest) -> None:
        made = self.launched('<p>{{ a.b | default: "x" }} {{ name }}</p>')
        variables = {"name": "<Ada>", "a": {"b": 7}, "tracking_consent": True}
        by_worker = self.rendered(made, **variables)
        request.getfixturevalue("no_worker")

        assert self.rendered(made, **variables) == by_worker

    def test_what_another_version_made_is_not_believed(
        self, request: pytest.FixtureRequest
    ) -> None:
        made = self.launched()
        made.precompiled = {**(made.precompiled or {}), "version": 0}
        request.getfixturevalue("no_worker")

        with pytest.raises(Failed):
            self.rendered(made, name="Ada")

    def test_a_message_that_takes_liquid_waits(self, request: pytest.FixtureRequest) -> None:
        made = self.launched("<p>{{ name | upcase }}</p>")
        request.getfixturevalue("no_worker")

        with pytest.raises(Failed):
            self.rendered(made, name="Ada")
