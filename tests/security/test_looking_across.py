"""What staff who may not see everything learn of the work of others: nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from unfold.contrib.filters.admin.mixins import AutocompleteMixin

from addressing.addresses import without_addresses
from admin_kit.filters import RelatedRowFilter
from campaigns.files import suppression_export
from campaigns.models import Suppression
from dispatch.errors import ServiceError
from dispatch.models import EmailService, Pace
from dispatch.pace import pace_rows
from tests.campaigns.admin.staff import (
    CONFIRM,
    MANAGER,
    OPERATOR,
    SUPERUSER,
    VIEWER,
    address,
    member,
    page_of,
    signed_in,
)
from tests.factories import (
    ContactFactory,
    EmailServiceFactory,
    SubTaskFactory,
    TagFactory,
    TaskFactory,
    in_doubt,
)

pytestmark = pytest.mark.django_db
SECRET = "Merger with Example Corp"


@pytest.fixture
def manager() -> User:
    return member(MANAGER)


class TestAFilter:
    """Which shows the name of the row that is chosen in the address."""

    def shown(self, user: User, list_of: str, query: str) -> str:
        return page_of(signed_in(user).get(address(list_of, "changelist") + query))

    def test_names_no_tag_of_another_owner(self, manager: User) -> None:
        own, foreign = TagFactory(owner=manager, name="my tag"), TagFactory(name=SECRET)
        assert "my tag" in self.shown(manager, "campaigns.contact", f"?tags__id__exact={own.pk}")
        assert SECRET not in self.shown(
            manager, "campaigns.contact", f"?tags__id__exact={foreign.pk}"
        )

    def test_names_no_task_of_another_owner(self, manager: User) -> None:
        own, foreign = TaskFactory(owner=manager, name="my task"), TaskFactory(name=SECRET)
        assert "my task" in self.shown(manager, "campaigns.subtask", f"?task__id__exact={own.pk}")
        for query in (f"={foreign.pk}", f"={own.pk}&task__id__exact={foreign.pk}"):
            assert SECRET not in self.shown(
                manager, "campaigns.subtask", f"?task__id__exact{query}"
            )

    def test_names_every_row_to_those_who_may_see_everything(self) -> None:
        tag = TagFactory(name=SECRET)
        query = f"?tags__id__exact={tag.pk}"
        assert SECRET in self.shown(member(VIEWER), "campaigns.contact", query)

    def test_by_a_related_row_is_ours_in_every_list(self) -> None:
        declared = [
            each[1]
            for registered in admin.site._registry.values()
            for each in registered.list_filter
            if isinstance(each, tuple) and issubclass(each[1], AutocompleteMixin)
        ]
        assert len(declared) == 4
        assert all(issubclass(each, RelatedRowFilter) for each in declared)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ("campaigns.task", "sender"),
        ("campaigns.task", "include_tags"),
        ("campaigns.task", "contacts"),
        ("campaigns.task", "services"),
        ("campaigns.contact", "tags"),
    ],
)
def test_a_form_that_is_filled_in_by_its_address_names_no_row_of_others(
    form: str, field: str, manager: User
) -> None:
    service = EmailServiceFactory(name=SECRET)
    service.users.add(member(MANAGER))
    make: dict[str, Callable[[], Model | None]] = {
        "sender": lambda: TaskFactory(sender__display_name=SECRET).sender,
        "include_tags": lambda: TagFactory(name=SECRET),
        "contacts": lambda: ContactFactory(email="merger@example.com"),
        "services": lambda: service,
        "tags": lambda: TagFactory(name=SECRET),
    }
    foreign = make[field]()
    assert foreign is not None
    client = signed_in(manager)
    filled = client.get(address(form, "add"), {field: foreign.pk})
    posted = client.post(address(form, "add"), {field: foreign.pk, "name": "x"})
    for response in (filled, posted):
        page = page_of(response)
        assert response.status_code == 200
        assert SECRET not in page
        assert "merger@example.com" not in page


class TestTheHistoryOfARow:
    def wrote(self, user: User, row: Model) -> None:
        LogEntry.objects.create(
            user=user, content_type=ContentType.objects.get_for_model(row), object_id=row.pk,
            object_repr=str(row), action_flag=CHANGE, change_message=f"{SECRET}, by {user}",
        )  # fmt: skip

    def read(self, user: User, model: str, row: Model) -> str:
        return page_of(signed_in(user).get(address(model, "history", row.pk)))

    @pytest.mark.parametrize("model", ["dispatch.emailservice", "campaigns.suppression"])
    def test_that_is_shared_shows_ones_own_doings_only(self, model: str, manager: User) -> None:
        ContactFactory(owner=manager, email="ada@example.com")
        row: Model = (
            EmailServiceFactory()
            if "service" in model
            else Suppression.objects.create(email="ada@example.com")
        )
        other = member(OPERATOR)
        self.wrote(manager, row)
        self.wrote(other, row)
        assert f"by {manager}" in self.read(manager, model, row)
        assert f"by {other}" not in self.read(manager, model, row)
        assert f"by {manager}" in self.read(member(VIEWER), model, row)
        assert f"by {other}" in self.read(member(SUPERUSER), model, row)

    def test_that_is_ones_own_shows_what_others_did_to_it(self, manager: User) -> None:
        task = TaskFactory(owner=manager)
        operator = member(OPERATOR)
        self.wrote(operator, task)
        assert f"by {operator}" in self.read(manager, "campaigns.task", task)

    def test_shows_who_decided_about_ones_own_message(self, manager: User) -> None:
        subtask = in_doubt(EmailServiceFactory(), task__owner=manager)
        operator = member(OPERATOR)
        url = address("campaigns.subtask", "give_up_this", subtask.pk)
        signed_in(operator).post(url, CONFIRM)
        assert str(operator) in self.read(manager, "campaigns.subtask", subtask)

    def test_of_others_is_not_found(self, manager: User) -> None:
        subtask = SubTaskFactory()
        self.wrote(member(OPERATOR), subtask)
        url = address("campaigns.subtask", "history", subtask.pk)
        assert SECRET not in page_of(signed_in(manager).get(url, follow=True))

    @pytest.mark.parametrize("page", ["/admin/", "/admin/dispatch/", "/admin/campaigns/"])
    def test_is_on_no_other_page(self, page: str, manager: User) -> None:
        self.wrote(member(OPERATOR), EmailServiceFactory())
        assert SECRET not in page_of(signed_in(manager).get(page))


class TestWhyAServiceIsFrozen:
    """A provider's reply may be about the message of another owner."""

    REPLY = "550 <ada@example.com>: user=bob@example.org unknown, see Merger with Example Corp"
    PAGES = (
        "/admin/",
        address("dispatch.emailservice", "changelist"),
        "{change}",
        "{state}",
    )

    @pytest.fixture
    def service(self) -> EmailService:
        service: EmailService = EmailServiceFactory()
        pace_changes = pace_rows.PaceChanges(freeze=ServiceError(self.REPLY))
        pace_rows.apply(pace_changes, service.pace, timezone.now())
        pace_rows.save([service.pace])
        return service

    def shown(self, user: User, service: EmailService) -> list[str]:
        client = signed_in(user)
        pages = {
            "change": address("dispatch.emailservice", "change", service.pk),
            "state": address("dispatch.emailservice", "state", service.pk),
        }
        return [page_of(client.get(page.format(**pages))) for page in self.PAGES]

    def test_is_stored_without_addresses(self, service: EmailService) -> None:
        reason = Pace.objects.get().freeze_reason
        assert reason == "550 <[address]>: [address] unknown, see Merger with Example Corp"

    def test_is_told_to_those_who_run_it(self, service: EmailService) -> None:
        for role in (OPERATOR, VIEWER, SUPERUSER):
            assert all(SECRET in page for page in self.shown(member(role), service))

    def test_is_not_told_to_others(self, service: EmailService, manager: User) -> None:
        for page in self.shown(manager, service):
            assert "Frozen" in page
            assert "those who run the services see what it said" in page
            assert SECRET not in page

    def test_is_told_to_everybody_where_staff_gave_it(
        self, service: EmailService, manager: User
    ) -> None:
        with transaction.atomic():
            pace_rows.freeze(service, "The contract ended")
        assert all("The contract ended" in page for page in self.shown(manager, service))


def test_addresses_are_taken_out_of_any_text() -> None:
    assert (
        without_addresses("to <ada@example.com>, b@c; x=d@e.f")
        == "to <[address]>, [address]; [address]"
    )
    for text in ("a" * 200_000, "a@" * 100_000, "@" * 200_000, "a.b+" * 50_000, "<" * 200_000):
        assert len(without_addresses(text)) <= len(text) + len("[address]")


def test_who_else_may_use_a_service_is_told_to_those_who_run_it(manager: User) -> None:
    service = EmailServiceFactory()
    service.users.add(manager, member(MANAGER, username="colleague"))
    url = address("dispatch.emailservice", "change", service.pk)
    assert "colleague" not in page_of(signed_in(manager).get(url))
    assert "colleague" in page_of(signed_in(member(OPERATOR)).get(url))


class TestTheSuppressionList:
    """Is everybody's; what an owner reads of it concerns their own contacts."""

    LIST = address("campaigns.suppression", "changelist")
    EXPORT = address("campaigns.suppression", "export_file")

    @pytest.fixture
    def entries(self, manager: User) -> dict[str, Suppression]:
        ContactFactory(owner=manager, email="own@example.com")
        ContactFactory(email="foreign@example.com")
        return {
            email: Suppression.objects.create(email=email, source="SubTask 17 of another task")
            for email in (
                "own@example.com",
                "foreign@example.com",
                "nobody@example.com",
                "@example.org",
            )
        }

    def listed(self, user: User, query: str = "") -> set[str]:
        response = signed_in(user).get(self.LIST, {"q": query})
        return {row.email for row in response.context["cl"].result_list}

    def test_shows_ones_own_contacts_and_whole_domains(
        self, manager: User, entries: dict[str, Suppression]
    ) -> None:
        assert self.listed(manager) == {"own@example.com", "@example.org"}
        assert self.listed(member(VIEWER)) == set(entries)

    def test_tells_of_a_whole_address_whether_it_is_on_it(
        self, manager: User, entries: dict[str, Suppression]
    ) -> None:
        assert self.listed(manager, "Foreign@example.com") == {"foreign@example.com"}
        assert self.listed(manager, "ada@example.org") == {"@example.org"}
        assert self.listed(manager, "foreign@") == set()
        assert self.listed(manager, "example.com") == {"own@example.com"}

    def test_tells_no_owner_through_whose_message_an_address_came_on_it(
        self, manager: User, entries: dict[str, Suppression]
    ) -> None:
        client = signed_in(manager)
        own = address("campaigns.suppression", "change", entries["own@example.com"].pk)
        for url in (self.LIST, own, f"{self.LIST}?q=foreign@example.com"):
            assert "SubTask 17" not in page_of(client.get(url))
        assert "SubTask 17" in page_of(signed_in(member(OPERATOR)).get(self.LIST))

    def test_has_no_pages_to_be_walked_through_by_number(
        self, manager: User, entries: dict[str, Suppression]
    ) -> None:
        client = signed_in(manager)
        foreign = entries["foreign@example.com"].pk
        for page in ("change", "history"):
            url = address("campaigns.suppression", page, foreign)
            response = client.get(url, follow=True)
            assert response.redirect_chain == [("/admin/", 302)]
            assert "foreign@example.com" not in page_of(response)
        url = address("campaigns.suppression", "delete", foreign)
        assert "foreign@example.com" not in page_of(client.get(url), 403)

    def exported(self, user: User) -> str:
        response = signed_in(user).get(self.EXPORT)
        return response.getvalue().decode()

    def test_is_exported_whole_by_operators(self, entries: dict[str, Suppression]) -> None:
        assert all(email in self.exported(member(OPERATOR)) for email in entries)

    def test_is_exported_by_others_as_far_as_their_contacts_are_on_it(
        self, manager: User, entries: dict[str, Suppression]
    ) -> None:
        for number in range(3):
            ContactFactory(owner=manager, email=f"c{number}@example.org")
        rows = self.exported(manager).splitlines()
        assert rows[0] == "\ufeffemail,reason,source,created_at"
        assert sorted(row.rsplit(",", 1)[0] for row in rows[1:]) == [
            "'@example.org,manual,", "own@example.com,manual,",
        ]  # fmt: skip

    def test_is_walked_through_whole(self, manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(suppression_export, "BATCH", 2)
        for number in range(5):
            ContactFactory(owner=manager, email=f"c{number}@example.com")
            Suppression.objects.create(email=f"c{number}@example.com")
        assert self.exported(manager).count("@example.com") == 5


@pytest.mark.parametrize("permission", ["export_address", "erase_address"])
def test_everything_about_an_address_is_for_those_who_may_see_everything(
    permission: str, manager: User
) -> None:
    manager.user_permissions.add(Permission.objects.get(codename=permission))
    client = signed_in(manager)
    form = {"address": "ada@example.com", "do": permission.partition("_")[0]}
    assert client.get("/admin/privacy/").status_code == 403
    assert client.post("/admin/privacy/", {**form, **CONFIRM}).status_code == 403
