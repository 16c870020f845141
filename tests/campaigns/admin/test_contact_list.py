"""The list of contacts: what it shows, finds, counts, and changes of all that match."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import (
    Contact,
    Engagement,
    EngagementKind,
    Operation,
    OperationKind,
    Suppression,
)
from campaigns.operations import running
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
    texts,
)
from tests.factories import ContactFactory, SegmentFactory, TagFactory, TaskFactory

pytestmark = pytest.mark.django_db
LIST = address("campaigns.contact", "changelist")
COUNT = address("campaigns.contact", "count")
ADD_TAGS, DELETE = (address("campaigns.contact", page) for page in ("add_tags", "delete"))
REMOVE_TAGS = address("campaigns.contact", "remove_tags")
SET_CONSENT = address("campaigns.contact", "set_consent")


@pytest.fixture
def user() -> User:
    return member(MANAGER)


def shown(user: User, **query: Any) -> list[str]:
    response = signed_in(user).get(LIST, query)
    assert response.status_code == 200
    return sorted(row.name for row in response.context["cl"].result_list)


def named(user: User, *names: str, **values: Any) -> list[Contact]:
    return [ContactFactory(owner=user, name=name, **values) for name in names]


class TestAFilter:
    def test_by_a_tag_takes_the_tags_under_it_with_it(self, user: User) -> None:
        parent = TagFactory(owner=user)
        child = TagFactory(owner=user, parent=parent)
        ada, bob, _ = named(user, "Ada", "Bob", "Cleo")
        ada.tags.add(parent)
        bob.tags.add(child)
        assert shown(user, tags__id__exact=parent.pk) == ["Ada", "Bob"]
        assert shown(user, tags__id__exact=child.pk) == ["Bob"]

    def test_by_a_tag_of_another_owner_finds_none(self, user: User) -> None:
        foreign = TagFactory()
        named(user, "Ada")
        assert shown(user, tags__id__exact=foreign.pk) == []

    @pytest.mark.parametrize(
        ("status", "names"),
        [
            ("mailable", ["agreed"]),
            ("no_consent", ["plain"]),
            ("paused", ["paused"]),
            ("refused", ["refused"]),
            ("suppressed", ["bounced", "domain"]),
            ("nonsense", []),
        ],
    )
    def test_by_status(self, user: User, status: str, names: list[str]) -> None:
        later = timezone.now() + dt.timedelta(days=3)
        named(user, "plain")
        named(user, "agreed", mail_consent="given")
        named(user, "refused", mail_consent="refused", paused_until=later)
        named(user, "paused", mail_consent="given", paused_until=later)
        named(user, "domain", email="a@bad.example")
        named(user, "bounced", email="b@c.example", mail_consent="refused")
        Suppression.objects.create(email="@bad.example")
        Suppression.objects.create(email="b@c.example", reason="hard_bounce")
        assert shown(user, status=status) == names

    def test_by_segment(self, user: User) -> None:
        condition = {
            "match": "all",
            "lines": [{"field": "domain", "operator": "is", "value": "qq.example"}],
        }
        segment = SegmentFactory(owner=user, condition=condition)
        named(user, "Ada", email="ada@qq.example")
        named(user, "Bob")
        assert shown(user, segment=segment.pk) == ["Ada"]
        foreign = SegmentFactory(condition=condition)
        assert shown(user, segment=foreign.pk) == []

    def test_by_import(self, user: User) -> None:
        brought = Operation.objects.create(owner=user, kind=OperationKind.IMPORT, title="a.csv")
        foreign = Operation.objects.create(
            owner=member(MANAGER), kind=OperationKind.IMPORT, title="b.csv"
        )
        named(user, "Ada", imported_by=brought)
        named(user, "Bob")
        assert shown(user, imported_by=brought.pk) == ["Ada"]
        assert shown(user, imported_by=foreign.pk) == []

    @pytest.mark.parametrize("name", ["imported_by", "segment"])
    def test_by_what_is_gone_finds_none(self, user: User, name: str) -> None:
        named(user, "Ada")
        assert shown(user, **{name: "99"}) == []
        assert "No contact matches." in page_of(signed_in(user).get(f"{DELETE}?{name}=99"))

    def test_by_domain_takes_this_domain_alone(self, user: User) -> None:
        named(user, "Ada", email="ada@qq.example")
        named(user, "Bob", email="bob@xqq.example")
        named(user, "Cleo", email="cleo@qq.example.org")
        named(user, "Dora", email="dora@xn--bcher-kva.example")
        assert shown(user, domain="QQ.example") == ["Ada"]
        assert shown(user, domain="@bücher.example") == ["Dora"]

    def test_is_combined_with_others_and_a_search(self, user: User) -> None:
        tag = TagFactory(owner=user)
        for contact in named(user, "Ada", "Adam", "Bob"):
            contact.tags.add(tag)
        named(user, "Adele")
        named(user, "Adrian", mail_consent="refused")
        assert shown(user, q="ada", tags__id__exact=tag.pk, status="no_consent") == ["Ada", "Adam"]


class TestARow:
    def row(self, user: User) -> Any:
        return signed_in(user).get(LIST).context["cl"].result_list[0]

    def test_says_why_a_contact_is_suppressed(self, user: User) -> None:
        named(user, "Ada", email="ada@example.com")
        Suppression.objects.create(email="ada@example.com", reason="complaint")
        assert "Suppressed: complaint" in page_of(signed_in(user).get(LIST))

    def test_says_when_the_person_was_mailed_and_seen_last(self, user: User) -> None:
        (ada,) = named(user, "Ada")
        ada.refresh_from_db()
        task = TaskFactory(owner=user, status="completed", launched_at=timezone.now())
        early, late = timezone.now() - dt.timedelta(days=2), timezone.now()
        for kind, at, machine in (
            (EngagementKind.SENT, early, False),
            (EngagementKind.OPENED, early, False),
            (EngagementKind.CLICKED, late, True),
        ):
            Engagement.objects.create(
                task=task,
                owner=user,
                kind=kind,
                at=at,
                is_machine=machine,
                address_key=ada.address_key,
            )
        row = self.row(user)
        assert (row.mailed_at, row.seen_at) == (early, early)

    def test_does_not_show_what_another_owner_sent(self, user: User) -> None:
        (ada,) = named(user, "Ada")
        ada.refresh_from_db()
        task = TaskFactory(status="completed", launched_at=timezone.now())
        Engagement.objects.create(
            task=task,
            owner=task.owner,
            kind=EngagementKind.SENT,
            at=timezone.now(),
            address_key=ada.address_key,
        )
        assert self.row(user).mailed_at is None

    def test_costs_no_queries_of_its_own(self, user: User) -> None:
        client = signed_in(user)

        def queries() -> int:
            with CaptureQueriesContext(
                connection,
            ) as caught:
                client.get(LIST)
            return len(caught)

        named(user, "Ada")
        queries()
        one = queries()
        for contact in named(user, *(f"Person {number}" for number in range(20))):
            contact.tags.add(TagFactory(owner=user))
        assert queries() == one


class TestTheCount:
    def test_is_exact_and_only_of_what_the_user_sees(self, user: User) -> None:
        named(user, "Ada", "Bob")
        ContactFactory()
        assert "2 contacts" in page_of(signed_in(user).get(COUNT))
        assert "1 contact<" in page_of(signed_in(user).get(COUNT, {"q": "ada", "p": "3"}))

    def test_is_refused_to_those_who_may_not_see_contacts(self) -> None:
        assert signed_in(member("staff without permissions")).get(COUNT).status_code == 404


class TestAChangeOfAllThatMatch:
    def test_asks_with_the_number_and_is_done_in_the_cluster(self, user: User) -> None:
        tag = TagFactory(owner=user, name="spring")
        ada, adam, bob = named(user, "Ada", "Adam", "Bob")
        client = signed_in(user)
        url = f"{ADD_TAGS}?q=ada"
        assert "Add tags to 2 contacts?" in page_of(client.get(url))
        response = client.post(url, {**CONFIRM, "tags": [tag.pk], "total": "2"}, follow=True)
        operation = Operation.objects.get()
        assert "Add tags: spring (2 contacts)" in page_of(response)
        running.run(operation.pk)
        assert [list(each.tags.all()) for each in (ada, adam, bob)] == [[tag], [tag], []]
        page = page_of(client.get(address("campaigns.operation", "change", operation.pk)))
        assert "Got a tag: 2 contacts." in page
        undo = address("campaigns.contact", "undo", operation.pk)
        assert undo in page
        assert "It changed 2 contacts." in page_of(client.get(undo))
        client.post(undo, CONFIRM)
        running.run(Operation.objects.exclude(pk=operation.pk).get().pk)
        assert not tag.contacts.exists()

    def test_asks_again_when_others_match_meanwhile(self, user: User) -> None:
        tag = TagFactory(owner=user)
        named(user, "Ada", "Adam")
        form = {**CONFIRM, "tags": [tag.pk], "total": "1"}
        page = page_of(signed_in(user).post(f"{ADD_TAGS}?q=ada", form))
        assert "Meanwhile other contacts match, 2 now." in page
        assert not Operation.objects.exists()

    def test_is_about_the_ticked_rows_alone(self, user: User) -> None:
        ada, _, cleo = named(user, "Ada", "Bob", "Cleo")
        foreign = ContactFactory()
        client = signed_in(user)
        ticked = {"action": "add_tags_to_ticked", "_selected_action": [ada.pk, cleo.pk]}
        response = client.post(LIST, ticked, follow=True)
        assert "Add tags to 2 contacts?" in page_of(response)
        page = page_of(client.get(ADD_TAGS, {"ticked": f"{ada.pk},{foreign.pk}"}))
        assert "Add tags to 1 contact?" in page

    def test_makes_a_new_tag(self, user: User) -> None:
        named(user, "Ada")
        form = {**CONFIRM, "new": "fair", "total": "1"}
        signed_in(user).post(ADD_TAGS, form)
        running.run(Operation.objects.get().pk)
        assert [tag.name for tag in Contact.objects.get().tags.all()] == ["fair"]

    def test_wants_a_tag(self, user: User) -> None:
        named(user, "Ada")
        page = page_of(signed_in(user).post(ADD_TAGS, {**CONFIRM, "total": "1"}))
        assert "Choose a tag, or name a new one." in page

    def test_takes_no_tag_of_another_owner(self, user: User) -> None:
        named(user, "Ada")
        form = {**CONFIRM, "tags": [TagFactory().pk], "total": "1"}
        assert "Select a valid choice" in page_of(signed_in(user).post(ADD_TAGS, form))
        assert not Operation.objects.exists()

    def test_sets_consent_with_source_and_time(self, user: User) -> None:
        named(user, "Ada")
        form = {
            **CONFIRM,
            "total": "1",
            "consent": "given",
            "at": "2026-03-01 09:30",
            "source": "fair",
        }
        signed_in(user).post(SET_CONSENT, form)
        running.run(Operation.objects.get().pk)
        assert Contact.objects.get().mail_consent_source == "fair"

    @pytest.mark.parametrize(
        ("field", "value", "problem"),
        [
            ("at", "9999-12-31 23:59", "in the future"),
            ("at", "x", "valid date/time"),
            ("source", "", "required"),
            ("source", "a\x00", "Null characters"),
            ("consent", "klingon", "valid choice"),
        ],
    )
    def test_explains_what_is_wrong(self, user: User, field: str, value: str, problem: str) -> None:
        named(user, "Ada")
        form = {**CONFIRM, "total": "1", "consent": "given", "at": "2026-03-01", "source": "fair"}
        assert problem in page_of(signed_in(user).post(SET_CONSENT, {**form, field: value}))
        assert not Operation.objects.exists()

    def test_says_that_a_deletion_cannot_be_undone(self, user: User) -> None:
        named(user, "Ada")
        page = page_of(signed_in(user).get(DELETE))
        assert "Delete 1 contact?" in page
        assert "This cannot be undone." in page

    def test_of_several_owners_is_refused(self) -> None:
        ContactFactory(), ContactFactory()
        page = page_of(signed_in(member(SUPERUSER)).get(DELETE))
        assert "These contacts have several owners." in page

    def test_of_none_is_refused(self, user: User) -> None:
        assert "No contact matches." in page_of(signed_in(user).get(f"{DELETE}?q=zzz"))

    @pytest.mark.parametrize("url", [ADD_TAGS, REMOVE_TAGS, SET_CONSENT, DELETE])
    @pytest.mark.parametrize("role", [OPERATOR, VIEWER])
    def test_takes_the_permission(self, url: str, role: str) -> None:
        ContactFactory()
        client = signed_in(member(role))
        assert client.get(url).status_code == 403
        assert client.post(url, {**CONFIRM, "total": "1"}).status_code == 403
        assert not Operation.objects.exists()

    def test_of_others_contacts_cannot_be_undone(self, user: User) -> None:
        foreign = Operation.objects.create(
            owner=member(MANAGER),
            kind=OperationKind.CHANGE_CONTACTS,
            state="done",
            params={"action": "delete"},
        )
        url = address("campaigns.contact", "undo", foreign.pk)
        assert signed_in(user).get(url).status_code == 404

    @pytest.mark.parametrize("query", ["?ticked=x", "?ticked=1,,2", "?status=x&p=9", "?ticked=²"])
    def test_a_query_that_cannot_be_understood_changes_nothing(
        self, user: User, query: str
    ) -> None:
        named(user, "Ada")
        response = signed_in(user).get(ADD_TAGS + query)
        assert response.status_code in (200, 404)
        assert "Ada" not in response.content.decode()

    def test_an_unknown_lookup_is_refused(self, user: User) -> None:
        assert signed_in(user).get(f"{ADD_TAGS}?email__regex=^a").status_code == 400


def test_messages_are_shown_once(user: User) -> None:
    named(user, "Ada")
    response = signed_in(user).get(LIST)
    assert texts(response) == ""
