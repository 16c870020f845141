"""The pages of long work: how far it is, its result, its end, its files."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from campaigns.admin.operations import results
from campaigns.admin.operations.results import Told
from campaigns.models import Operation, OperationState
from campaigns.operations import files
from tests.campaigns.admin.staff import (
    CONFIRM,
    MANAGER,
    NOBODY,
    SUPERUSER,
    VIEWER,
    address,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.factories import OperationFactory

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def user() -> User:
    return member(MANAGER)


def running(user: User, **values: Any) -> Operation:
    ago = NOW - dt.timedelta(seconds=10)
    values = {"state": "running", "started_at": ago, "progressed_at": NOW, **values}
    return OperationFactory(owner=user, requested_by=user, **values)


def with_file(user: User, keep: dt.timedelta | None = None, **values: Any) -> Operation:
    operation = OperationFactory(owner=user, requested_by=user, state="done", **values)
    files.store(operation, "download", "contacts.csv", [b"a,b\r\n", b"1,2\r\n"], keep)
    return operation


def page_url(operation: Operation, page: str, *args: str) -> str:
    return address("campaigns.operation", page, operation.pk, *args)


def part(user: User, operation: Operation, state: str = "") -> str:
    url = page_url(operation, "progress") + (f"?state={state}" if state else "")
    return page_of(signed_in(user).get(url))


class TestTheLivePart:
    def test_says_how_far_it_is_how_fast_and_how_long_the_rest_takes(self, user: User) -> None:
        text = part(user, running(user, done=2000, total=38_000))
        assert "2,000 of 38,000 rows" in text
        assert "200 rows/s, about 3 minutes left" in text
        assert 'aria-valuenow="5"' in text

    def test_asks_again_while_it_runs_and_no_more_at_the_end(self, user: User) -> None:
        operation = running(user)
        assert "hx-get" in part(user, operation)
        Operation.objects.update(state="done")
        assert "hx-get" not in part(user, operation)

    def test_reloads_the_page_once_when_it_ends(self, user: User) -> None:
        url = page_url(running(user, state="done"), "progress")
        client = signed_in(user)
        assert client.get(url + "?state=running").headers["HX-Refresh"] == "true"
        assert "HX-Refresh" not in client.get(url + "?state=done").headers

    def test_shows_the_problem_of_one_that_failed(self, user: User) -> None:
        text = part(user, running(user, state="failed", problem="The <file> is gone."))
        assert "The &lt;file&gt; is gone." in text

    def test_tells_the_result_as_its_kind_registered_it(
        self, user: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told = Told(["7 came in."], [("The contacts", "/x/")], ["Line"], [["<b>3</b>"]])
        monkeypatch.setitem(results.TELLERS, "import", lambda operation: told)
        text = part(user, running(user, state="done"))
        assert "7 came in." in text and 'href="/x/"' in text and "&lt;b&gt;3&lt;/b&gt;" in text

    def test_is_hidden_from_others(self, user: User) -> None:
        url = page_url(running(user), "progress")
        assert signed_in(member(MANAGER)).get(url).status_code == 404


class TestTheList:
    def test_names_kind_subject_person_and_state(self, user: User) -> None:
        running(user, title="spring.csv")
        text = page_of(signed_in(user).get(address("campaigns.operation", "changelist")))
        assert "spring.csv" in text and "Under way" in text and user.username in text

    def test_has_what_one_started_on_the_rows_of_others(self, user: User) -> None:
        theirs = OperationFactory(requested_by=user)
        client = signed_in(user)
        url = address("campaigns.operation", "changelist")
        assert [row.pk for row in client.get(url).context["cl"].result_list] == [theirs.pk]

    def test_work_of_ones_own_is_shown_without_a_permission(self) -> None:
        nobody = member(NOBODY)
        client = signed_in(nobody)
        assert client.get(page_url(running(nobody), "change")).status_code == 200


class TestCancelling:
    def cancel(self, user: User, operation: Operation) -> Any:
        return signed_in(user).post(page_url(operation, "cancel"), CONFIRM, follow=True)

    def test_asks_first(self, user: User) -> None:
        operation = running(user)
        response = signed_in(user).get(page_url(operation, "cancel"))
        assert "What was done until then stays." in page_of(response)
        operation.refresh_from_db()
        assert operation.state == OperationState.RUNNING

    @pytest.mark.parametrize("before, after", [("queued", "cancelled"), ("running", "cancelling")])
    def test_ends_what_is_ones_own(self, user: User, before: str, after: str) -> None:
        operation = running(user, state=before)
        assert "is cancelled" in texts(self.cancel(user, operation))
        operation.refresh_from_db()
        assert operation.state == after

    def test_says_that_it_has_ended_already(self, user: User) -> None:
        operation = running(user, state="done")
        assert "ended already" in texts(self.cancel(user, operation))

    def test_is_not_for_those_who_may_only_look(self, user: User) -> None:
        operation = running(user)
        assert self.cancel(member(VIEWER), operation).status_code == 403
        assert self.cancel(member(MANAGER), operation).status_code in (403, 404)
        operation.refresh_from_db()
        assert operation.state == OperationState.RUNNING

    def test_is_for_a_superuser(self, user: User) -> None:
        assert "is cancelled" in texts(self.cancel(member(SUPERUSER), running(user)))


class TestAFile:
    def get(self, user: User, operation: Operation, role: str = "download") -> Any:
        return signed_in(user).get(page_url(operation, "file", role))

    def test_is_saved_and_never_shown_by_the_browser(self, user: User) -> None:
        response = self.get(user, with_file(user))
        assert b"".join(response.streaming_content) == b"a,b\r\n1,2\r\n"
        headers = response.headers
        assert headers["Content-Disposition"] == 'attachment; filename="contacts.csv"'
        assert headers["Content-Type"] == "text/csv; charset=utf-8"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in headers["Cache-Control"]
        assert headers["Content-Length"] == "10"

    def test_of_any_other_name_has_no_type_that_a_browser_shows(self, user: User) -> None:
        operation = OperationFactory(owner=user, state="done")
        files.store(operation, "upload", 'a"\r\nX: y.html', [b"<script>"], None)
        response = self.get(user, operation, "upload")
        assert response.headers["Content-Type"] == "application/octet-stream"
        assert "\n" not in response.headers["Content-Disposition"]

    def test_is_told_in_the_history(self, user: User) -> None:
        self.get(user, with_file(user, title="All contacts"))
        entry = LogEntry.objects.get()
        assert (entry.user, entry.get_change_message()) == (user, "Downloaded “contacts.csv”.")

    @pytest.mark.parametrize("keep", [None, dt.timedelta(days=1)])
    def test_is_offered_on_the_page(self, user: User, keep: dt.timedelta | None) -> None:
        operation = with_file(user, keep)
        assert page_url(operation, "file", "download") in part(user, operation)

    def test_that_has_expired_says_so(self, user: User) -> None:
        operation = with_file(user, dt.timedelta(seconds=-1))
        url = page_url(operation, "file", "download")
        assert url not in part(user, operation)
        assert "has expired" in texts(signed_in(user).get(url, follow=True))

    @pytest.mark.parametrize("role", [VIEWER, MANAGER, SUPERUSER])
    def test_is_for_those_alone_for_whom_it_was_made(self, user: User, role: str) -> None:
        operation = with_file(user)
        other = member(role)
        assert self.get(other, operation).status_code == 404
        if role != MANAGER:
            assert page_url(operation, "file", "download") not in part(other, operation)

    def test_of_an_export_takes_the_permission_to_export(self) -> None:
        nobody = member(NOBODY)
        assert self.get(nobody, with_file(nobody)).status_code == 200
        assert self.get(nobody, with_file(nobody, kind="export")).status_code == 404

    @pytest.mark.parametrize("role", ["%00", "..", "download%2F..", "x" * 300])
    def test_of_an_odd_role_breaks_nothing(self, user: User, role: str) -> None:
        url = reverse("admin:campaigns_operation_change", args=[with_file(user).pk])
        url = url.replace("change/", f"files/{role}/")
        assert signed_in(user).get(url, follow=True).status_code in (200, 404)
