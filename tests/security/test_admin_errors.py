"""No address of the admin ends in an error of ours, whatever is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import InternalError, OperationalError, connection, transaction
from django.db.models import Model
from django.test import Client, RequestFactory, override_settings
from django.urls import URLResolver, resolve

from campaigns.models import Suppression, Tag, TaskTemplate
from campaigns.state import lifecycle
from edm_project.web.busy import busy, is_trouble
from tests.campaigns.admin.staff import MANAGER, SUPERUSER, member, signed_in
from tests.campaigns.admin.test_every_page import make_a_row_of_each
from tests.concurrency import PATIENCE_SECONDS, second_connection
from tests.factories import (
    SendingTaskFactory,
    TagFactory,
    TaskFactory,
    TemplateFactory,
    UserFactory,
)
from tests.tracking.making import sent
from tests.tracking.visiting import path
from tracking.links.tokens import Purpose

pytestmark = pytest.mark.django_db

AUTOCOMPLETE = "/admin/autocomplete/"
HUGE, NUL, NOT_UTF8 = "9" * 30, "%00", "%ff%fe"
KEYS = ("0", "x", HUGE, NUL, NOT_UTF8, "1%2F2", "%C2%B2", "_5F")
VALUES = ("x", HUGE, f"-{HUGE}", NUL, NOT_UTF8, "%C2%B2")
OF_LISTS = ("p", "q", "o", "all", "_facets", "_popup")
OF_FORMS = (
    "_popup", "_changelist_filters", "provider", "contact", "template", "service", "status", "next",
    "sender", "include_tags", "contacts", "owner", "user", "email", "groups", "page", "s", "term", "p",
)  # fmt: skip
DECLARED = {
    "campaigns/contact": ("tags__id__exact", "tags__isnull"),
    "campaigns/suppression": ("reason__exact", "reason__isnull"),
    "campaigns/task": ("status__exact", "status__isnull"),
    "campaigns/subtask": (
        "task__id__exact",
        "in_doubt",
        "service",
        "sent_at_from_0",
        "sent_at_to_1",
    ),
    "dispatch/emailservice": ("enabled__exact", "enabled__isnull"),
    "dispatch/attempt": ("outcome__exact", "service", "started_at_from_0", "started_at_from_1"),
    "tracking/event": ("kind__exact", "actor__isnull", "received_at_from_0", "received_at_to_1"),
    "auth/user": ("is_staff__exact", "is_active__isnull", "groups__id__exact", "groups__isnull"),
    "admin/logentry": ("kind", "action_time_from_0", "action_time_to_0", "action_time_to_1"),
}


def addresses(patterns: list[Any], prefix: str = "/admin/") -> Iterator[str]:
    """Every address below /admin/, its variable parts as {0}."""
    for each in patterns:
        route = str(each.pattern)
        if isinstance(each, URLResolver):
            yield from addresses(each.url_patterns, prefix + route)
        elif "(?P" not in route and "logout" not in route:
            parts = enumerate(route.replace(">", "<").split("<"))
            yield prefix + "".join("{0}" if number % 2 else part for number, part in parts)


OWN_PAGES = {"/admin/monitor/", "/admin/privacy/"}
ADDRESSES = sorted({*addresses(list(admin.site.urls[0])), *OWN_PAGES})


def odd(url: str) -> Iterator[str]:
    """The address with odd keys, or with odd query strings: those of lists, of forms, of filters."""
    if "{0}" in url:
        yield from (url.format(key) for key in KEYS)
        return
    filters = DECLARED.get(url.removeprefix("/admin/").strip("/"), ())
    names = OF_LISTS if _is_list(url) else OF_FORMS
    for value in VALUES:
        yield f"{url}?{'&'.join(f'{name}={value}' for name in names)}"
        if _is_list(url):
            yield f"{url}?_to_field={value}"
            yield from (f"{url}?{name}={value}" for name in ("p", *filters))


def _is_list(url: str) -> bool:
    return url.removeprefix("/admin/").count("/") == 2


@pytest.fixture
def client() -> Client:
    user = member(SUPERUSER)
    make_a_row_of_each(user)
    client = signed_in(user)
    client.raise_request_exception = False
    return client


def test_all_addresses_are_found() -> None:
    found = {"/admin/", "/admin/search/", AUTOCOMPLETE, "/admin/campaigns/task/{0}/launch/"}
    assert found <= set(ADDRESSES)


@pytest.mark.parametrize("url", ADDRESSES)
def test_odd_keys_and_query_strings_break_no_page(client: Client, url: str) -> None:
    broken = [each[:150] for each in odd(url) if client.get(each).status_code >= 500]
    assert broken == []


class TestAnAutocomplete:
    def offers(self, user: User, model: type[Model], name: str, term: str = "") -> Any:
        client = signed_in(user)
        client.raise_request_exception = False
        query = {
            "app_label": model._meta.app_label, "model_name": model._meta.model_name or "",
            "field_name": name, "term": term,
        }  # fmt: skip
        return client.get(AUTOCOMPLETE, query)

    @pytest.mark.parametrize("role", [SUPERUSER, MANAGER])
    @pytest.mark.parametrize("model", apps.get_models(), ids=lambda model: model._meta.label_lower)
    def test_of_any_relation_of_any_model_is_offered_or_refused(
        self, model: type[Model], role: str
    ) -> None:
        user = member(role)
        names = {name for field in model._meta.get_fields() for name in (field.name, "pk", "x", "")}
        answers = {name: self.offers(user, model, name).status_code for name in names}
        assert set(answers.values()) <= {200, 403, 404}

    def test_of_a_reverse_relation_is_refused(self) -> None:
        relations = [f for f in Tag._meta.get_fields() if f.auto_created and f.is_relation]
        assert relations
        for field in relations:
            assert self.offers(member(SUPERUSER), Tag, field.name).status_code == 403

    @pytest.mark.parametrize("value", VALUES)
    def test_takes_any_page_and_term(self, client: Client, value: str) -> None:
        query = "app_label=campaigns&model_name=task&field_name=contacts"
        for more in (f"term={value}", f"page={value}"):
            assert client.get(f"{AUTOCOMPLETE}?{query}&{more}").status_code in (200, 404)


ADDED_BY_NOBODY = {
    f"/admin/{model}/add/"
    for model in (
        "admin/logentry",
        "campaigns/operation",
        "campaigns/savedblock",
        "campaigns/subtask",
        "dispatch/attempt",
        "signin/signin",
        "signup/signup",
        "tracking/event",
        "tracking/rejectedrequests",
    )
}
FORMS = sorted({url for url in ADDRESSES if url.endswith("/add/")} - ADDED_BY_NOBODY)
POSTED = ("", "x", "9" * 30, "\x00", "²", "-1", "[]", "😀" * 10, "2026-13-45", "a" * 3000)


@pytest.mark.parametrize("url", sorted(ADDED_BY_NOBODY))
def test_what_only_the_site_writes_has_no_form_to_add_it(client: Client, url: str) -> None:
    assert client.get(url).status_code == client.post(url, {}).status_code == 403


@pytest.mark.parametrize("url", FORMS)
def test_odd_values_in_every_field_break_no_form(client: Client, url: str) -> None:
    page = client.get(url + ("?provider=smtp" if "emailservice" in url else ""))
    assert page.status_code == 200
    names = [*page.context["adminform"].form.fields]
    for formset in page.context["inline_admin_formsets"]:
        prefix = formset.formset.prefix
        names += [
            f"{prefix}-{name}" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "0-id", "0-template")
        ]
    for value in POSTED:
        assert client.post(url, dict.fromkeys(names, value)).status_code < 500


class Restarts:
    """Ends the session of the database just before the statement of this number."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, execute: Any, sql: Any, *args: Any) -> Any:
        if self.left == 0:
            _end_session()
        self.left -= 1
        return execute(sql, *args)

    @property
    def happened(self) -> bool:
        return self.left < 0


def _end_session() -> None:
    pid = connection.connection.info.backend_pid
    with second_connection() as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
        assert cursor.fetchone() == (True,)


@pytest.mark.django_db(transaction=True)
class TestADatabaseThatRestarts:
    """At whatever moment of a request: the page says so, and the next one works."""

    def statuses(self, ask: Callable[[], int]) -> set[int]:
        """What is answered when the session ends before the first statement, before the second, …"""
        found: set[int] = set()
        number = 0
        while True:
            restarts = Restarts(number)
            with connection.execute_wrapper(restarts):
                status = ask()
            connection.close()  # as Django does after a request
            if not restarts.happened:
                assert status in (200, 302)
                return found
            found.add(status)
            number += 1

    def asked_by(self, role: str) -> Client:
        client = signed_in(member(role))
        client.raise_request_exception = False
        return client

    def test_while_a_list_is_shown(self) -> None:
        TagFactory()
        client = self.asked_by(SUPERUSER)
        assert self.statuses(lambda: client.get("/admin/campaigns/tag/").status_code) == {503}

    def test_while_a_form_is_saved(self) -> None:
        tag = TagFactory()
        client = self.asked_by(SUPERUSER)
        url = f"/admin/campaigns/tag/{tag.pk}/change/"
        form = {"name": "x", "owner": tag.owner_id}
        assert self.statuses(lambda: client.post(url, form).status_code) == {503}

    def test_while_people_sign_in(self) -> None:
        user = UserFactory(username="ada", is_superuser=True)
        user.set_password("correct horse battery")
        user.save()

        def sign_in() -> int:
            client = Client(raise_request_exception=False)
            form = {"username": "ada", "password": "correct horse battery"}
            return client.post("/admin/login/?next=/admin/", form).status_code

        assert self.statuses(sign_in) == {503}

    def test_while_a_session_is_saved_behind_every_view(self) -> None:
        client = self.asked_by(SUPERUSER)
        with override_settings(SESSION_SAVE_EVERY_REQUEST=True):
            statuses = self.statuses(lambda: client.get("/admin/jsi18n/").status_code)
        assert statuses == {503}

    def test_while_a_recipient_unsubscribes(self) -> None:
        subtask = sent()
        client = Client(raise_request_exception=False)
        url = path(Purpose.UNSUBSCRIBE, subtask.pk)
        form = {"List-Unsubscribe": "One-Click"}
        assert self.statuses(lambda: client.post(url, form).status_code) == {503}
        assert Suppression.objects.get().email == subtask.recipient_email


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_is_idle_too_long_is_a_busy_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = SendingTaskFactory()

    def think_too_long(*args: Any) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '20ms'")
            _wait_for_the_end_of(connection.connection.info.backend_pid)
            cursor.execute("SELECT 1")

    monkeypatch.setattr(lifecycle, "pause", think_too_long)
    client = signed_in(member(SUPERUSER))
    url = f"/admin/campaigns/task/{task.pk}/pause/"
    response = client.post(url, {"confirmed": "yes"})
    connection.close()
    assert (response.status_code, response["Retry-After"]) == (503, "10")
    assert b"was probably not done" in response.content


def _wait_for_the_end_of(pid: int) -> None:
    with second_connection() as other, other.cursor() as cursor:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            cursor.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid])
            if cursor.fetchone() is None:
                return
    raise AssertionError("The session did not end.")


@pytest.mark.parametrize(
    ("state", "trouble"),
    [("25P03", True), ("25P04", True), ("25006", True), ("25P02", False), ("XX000", False)],
)
def test_an_internal_error_is_the_database_s_where_it_ended_the_session(
    state: str, trouble: bool
) -> None:
    error = InternalError("internal")
    error.__cause__ = psycopg.errors.lookup(state)("internal")
    assert is_trouble(error) == trouble


class TestTheBusyPage:
    def answer(self, rf: RequestFactory, url: str) -> Any:
        request = rf.get(url)
        request.resolver_match = resolve(url)
        return busy(request, OperationalError("gone"))

    def test_leads_no_stranger_to_the_admin(self, rf: RequestFactory) -> None:
        assert b"/admin/" not in self.answer(rf, path(Purpose.UNSUBSCRIBE, 1)).content
        assert b"/admin/" in self.answer(rf, "/admin/campaigns/tag/").content

    def test_writes_no_token_into_the_log(
        self, rf: RequestFactory, caplog: pytest.LogCaptureFixture
    ) -> None:
        url = path(Purpose.UNSUBSCRIBE, 1)
        self.answer(rf, url)
        assert "gone" in caplog.text
        assert url.split("/")[2] not in caplog.text


class TestTwoTabs:
    """What one tab has deleted, the other saves: that is explained, and no error."""

    def test_of_a_task_whose_template_was_taken_out_meanwhile(self) -> None:
        user = member(MANAGER)
        task = TaskFactory(owner=user)
        row = TaskTemplate.objects.get(task=task)
        second = TaskTemplate.objects.create(task=task, template=TemplateFactory(owner=user))
        form = {
            "name": "new", "priority": "0", "audience": "all", "sender": task.sender_id,
            "tasktemplate_set-TOTAL_FORMS": "2", "tasktemplate_set-INITIAL_FORMS": "2",
        }  # fmt: skip
        for number, each in enumerate((row, second)):
            prefix = f"tasktemplate_set-{number}"
            form |= {
                f"{prefix}-id": each.pk, f"{prefix}-task": task.pk, f"{prefix}-weight": "1",
                f"{prefix}-template": each.template_id,
            }  # fmt: skip
        second.delete()
        url = f"/admin/campaigns/task/{task.pk}/change/"
        client = signed_in(user)
        client.raise_request_exception = False
        assert client.post(url, form).status_code == 200
        TaskTemplate.objects.exclude(pk=row.pk).delete()
        row.delete()
        assert client.post(url, form).status_code == 200
        task.delete()
        assert client.post(url, form).status_code == 302

    def test_of_a_task_with_the_rows_of_another_owner(self) -> None:
        user = member(MANAGER)
        task, foreign = TaskFactory(owner=user), TaskTemplate.objects.get(task=TaskFactory())
        form = {
            "name": "new", "priority": "0", "audience": "all", "sender": task.sender_id,
            "tasktemplate_set-TOTAL_FORMS": "2", "tasktemplate_set-INITIAL_FORMS": "2",
        }  # fmt: skip
        for number in range(2):
            prefix = f"tasktemplate_set-{number}"
            form |= {
                f"{prefix}-id": foreign.pk, f"{prefix}-task": foreign.task_id,
                f"{prefix}-template": foreign.template_id, f"{prefix}-weight": "7",
                f"{prefix}-DELETE": "on" if number else "",
            }  # fmt: skip
        client = signed_in(user)
        client.raise_request_exception = False
        response = client.post(f"/admin/campaigns/task/{task.pk}/change/", form)
        foreign.refresh_from_db()
        assert (response.status_code, foreign.weight) == (200, 1)
        assert str(foreign.template) not in response.content.decode()
