"""The buttons and pages that export: few rows at once, many in the cluster, logged, permitted."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User

from campaigns.exports import asking, run
from campaigns.models import Operation, OperationState
from campaigns.operations import files
from tests.campaigns.admin.staff import (
    MANAGER,
    NOBODY,
    OPERATOR,
    VIEWER,
    address,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.campaigns.exports.files import csv_rows, xlsx_rows
from tests.factories import (
    ContactFactory,
    OperationFactory,
    SegmentFactory,
    TaskFactory,
    sending_task,
)

pytestmark = pytest.mark.django_db
CONTACTS = "campaigns.contact"


@pytest.fixture
def user() -> User:
    return member(MANAGER)


def post(user: User, query: str = "", **form: str) -> Any:
    url = address(CONTACTS, "export_file") + query
    return signed_in(user).post(url, {"format": "csv", **form}, follow=True)


def content(response: Any) -> bytes:
    return b"".join(response.streaming_content)


class TestContacts:
    def test_that_are_few_come_at_once(self, user: User) -> None:
        ContactFactory(owner=user, email="ada@example.com")
        response = post(user)
        assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert response.headers["Content-Disposition"].startswith('attachment; filename="contacts-')
        assert [row["email"] for row in csv_rows(content(response))] == ["ada@example.com"]

    def test_come_as_xlsx(self, user: User) -> None:
        ContactFactory(owner=user, email="ada@example.com")
        response = post(user, format="xlsx")
        assert xlsx_rows(content(response))[0]["email"] == "ada@example.com"

    def test_that_are_many_are_made_in_the_cluster(
        self, user: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(asking, "AT_ONCE", 1)
        ContactFactory.create_batch(2, owner=user)
        response = post(user)
        operation = Operation.objects.get()
        assert "The file is being made" in texts(response)
        assert response.redirect_chain[0][0] == address(
            "campaigns.operation", "change", operation.pk
        )
        assert (operation.owner, operation.state) == (user, OperationState.QUEUED)

    def test_that_there_are_not_say_so(self, user: User) -> None:
        assert "There are no rows to export." in page_of(post(user))

    def test_are_asked_for_by_a_page_first(self, user: User) -> None:
        ContactFactory(owner=user)
        response = signed_in(user).get(address(CONTACTS, "export_file"))
        assert "Export all contacts" in page_of(response)
        assert not LogEntry.objects.exists()

    def test_of_a_segment_are_those(self, user: User) -> None:
        ContactFactory(owner=user, email="a@example.com")
        ContactFactory(owner=user, email="b@other.example")
        line = {"field": "domain", "operator": "is", "value": "example.com"}
        segment = SegmentFactory(
            owner=user, name="Ours", condition={"match": "all", "lines": [line]}
        )
        response = post(user, f"?segment={segment.pk}")
        assert [row["email"] for row in csv_rows(content(response))] == ["a@example.com"]
        assert LogEntry.objects.get().object_repr == "contacts of the segment “Ours”"

    def test_of_a_segment_are_asked_for_on_its_page(self, user: User) -> None:
        line = {"field": "domain", "operator": "is", "value": "example.com"}
        segment = SegmentFactory(owner=user, condition={"match": "all", "lines": [line]})
        client = signed_in(user)
        url = address("campaigns.segment", "export", segment.pk)
        assert url in page_of(client.get(address("campaigns.segment", "change", segment.pk)))
        response = client.get(url, follow=True)
        assert f"Export contacts of the segment “{segment}”" in page_of(response)
        assert signed_in(member(MANAGER)).get(url).status_code == 404
        assert signed_in(member(VIEWER)).get(url).status_code == 403

    @pytest.mark.parametrize("name", ["segment", "import"])
    @pytest.mark.parametrize("key", ["foreign", "x", "-1", "9" * 30, "²", "%00"])
    def test_of_what_is_not_ones_own_are_not_found(self, user: User, name: str, key: str) -> None:
        if key == "foreign":
            key = str({"segment": SegmentFactory, "import": OperationFactory}[name]().pk)
        assert post(user, f"?{name}={key}").status_code == 404

    def test_exported_are_told_in_the_history(self, user: User) -> None:
        ContactFactory(owner=user)
        post(user)
        entry = LogEntry.objects.get()
        assert (entry.user, entry.object_repr) == (user, "all contacts")
        assert entry.get_change_message() == "Exported to a file (CSV); number of rows: 1."


class TestContactsThatMatchTheList:
    def post(self, user: User, query: str) -> Any:
        url = f"{address(CONTACTS, 'export_matching')}?{query}"
        return signed_in(user).post(url, {"format": "csv"}, follow=True)

    @pytest.fixture
    def three(self, user: User) -> list[int]:
        ContactFactory(email="ada@foreign.example")
        names = ("ada@example.com", "adam@example.com", "bob@example.com")
        return [ContactFactory(owner=user, email=name, name="").pk for name in names]

    def test_are_those_of_its_search(self, user: User, three: list[int]) -> None:
        rows = csv_rows(content(self.post(user, "q=ada")))
        assert {row["email"] for row in rows} == {"ada@example.com", "adam@example.com"}

    def test_are_the_ticked_ones_of_ones_own(self, user: User, three: list[int]) -> None:
        foreign = ContactFactory().pk
        rows = csv_rows(content(self.post(user, f"ticked={three[2]},{foreign}")))
        assert [row["email"] for row in rows] == ["bob@example.com"]

    def test_are_fixed_when_they_are_asked_for(
        self, user: User, three: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(asking, "AT_ONCE", 1)
        self.post(user, "q=ada")
        ContactFactory(owner=user, email="adaline@example.com")
        operation = Operation.objects.get()
        while run.step(operation):
            pass
        rows = csv_rows(b"".join(files.parts_of(operation.files.get())))
        assert [row["email"] for row in rows] == ["ada@example.com", "adam@example.com"]

    def test_are_offered_on_the_list_and_among_its_actions(self, user: User) -> None:
        contact = ContactFactory(owner=user)
        client = signed_in(user)
        url = address(CONTACTS, "changelist")
        assert f"{address(CONTACTS, 'export_matching')}?q=a" in page_of(client.get(url + "?q=a"))
        form = {"action": "export_ticked", "_selected_action": contact.pk}
        assert "Export ticked contacts" in page_of(client.post(url, form, follow=True))

    def test_are_not_for_a_viewer(self, three: list[int]) -> None:
        viewer = member(VIEWER)
        assert self.post(viewer, "q=ada").status_code == 403
        page = page_of(signed_in(viewer).get(address(CONTACTS, "changelist")))
        assert address(CONTACTS, "export_matching") not in page

    @pytest.mark.parametrize("query", ["q=%00", "ticked=x", "nonsense=1", "segment=x", "p=x"])
    def test_by_an_odd_query_break_nothing(self, user: User, query: str) -> None:
        assert self.post(user, query).status_code in (200, 400, 404)


class TestTheRight:
    @pytest.mark.parametrize("role", [VIEWER, OPERATOR, NOBODY])
    def test_is_not_a_viewers(self, role: str) -> None:
        assert post(member(role)).status_code == 403
        task = sending_task()
        url = address("campaigns.task", "export_results", task.pk)
        assert signed_in(member(role)).get(url).status_code == 403

    def test_to_export_alone_shows_no_contact(self) -> None:
        user = member(NOBODY)
        user.user_permissions.add(Permission.objects.get(codename="export_contact"))
        assert post(user).status_code == 403

    def test_decides_about_the_button(self, user: User) -> None:
        url = address(CONTACTS, "export_file")
        page = address(CONTACTS, "changelist")
        assert url in page_of(signed_in(user).get(page))
        assert url not in page_of(signed_in(member(VIEWER)).get(page))


class TestATask:
    def test_offers_its_messages_and_its_events(self, user: User) -> None:
        task = sending_task(owner=user)
        url = address("campaigns.task", "export_results", task.pk)
        client = signed_in(user)
        assert "Events: delivered" in page_of(client.get(url))
        response = client.post(url, {"subject": "messages", "format": "csv"})
        assert len(csv_rows(content(response))) == 1

    def test_has_the_button_once_it_was_launched(self, user: User) -> None:
        client = signed_in(user)
        for task, offered in ((TaskFactory(owner=user), False), (sending_task(owner=user), True)):
            page = page_of(client.get(address("campaigns.task", "change", task.pk)))
            assert (address("campaigns.task", "export_results", task.pk) in page) == offered

    @pytest.mark.parametrize("subject", ["contacts", "x", "\x00"])
    def test_exports_nothing_else(self, user: User, subject: str) -> None:
        task = sending_task(owner=user)
        url = address("campaigns.task", "export_results", task.pk)
        response = signed_in(user).post(url, {"subject": subject, "format": "csv"})
        assert "Select a valid choice" in page_of(response)

    def test_of_others_is_not_found(self, user: User) -> None:
        url = address("campaigns.task", "export_results", sending_task().pk)
        assert signed_in(user).get(url).status_code == 404


class TestTheResult:
    def told(self, user: User, **values: Any) -> str:
        operation = OperationFactory(
            owner=user, requested_by=user, kind="export", state="done", **values
        )
        if values:
            files.store(operation, "download", "contacts.csv", [b"x"], None)
        return page_of(signed_in(user).get(address("campaigns.operation", "change", operation.pk)))

    def test_says_how_many_rows_and_what_is_missing(self, user: User) -> None:
        page = self.told(
            user, total=1000, result={"rows": 998, "cut": 1}, params={"subject": "contacts"}
        )
        assert "The file has 998 rows." in page
        assert "2 contacts had been deleted before their turn came." in page
        assert "1 text had more than 32,767 characters" in page

    def test_of_a_file_that_has_expired_says_so(self, user: User) -> None:
        assert "The file has expired: export again." in self.told(user)
