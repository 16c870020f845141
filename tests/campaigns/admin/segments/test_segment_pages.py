"""The list of segments, and what is done with one: deleted, copied, split, handed on."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaigns.models import Contact, Segment, Task
from campaigns.segments.matching import contacts_of
from tests.campaigns.admin.segments.building import form
from tests.campaigns.admin.staff import (
    CONFIRM,
    MANAGER,
    VIEWER,
    address,
    entries,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.factories import (
    ContactFactory,
    SegmentFactory,
    SendingTaskFactory,
    TagFactory,
    TaskFactory,
    TeamFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return member(MANAGER)


@pytest.fixture
def client(user: User) -> Client:
    return signed_in(user)


def named(owner: User, name: str, text: str = "Ada") -> Segment:
    line = {"field": "name", "operator": "is", "value": text}
    return SegmentFactory(owner=owner, name=name, condition={"match": "all", "lines": [line]})


def within(segment: Segment, name: str = "Outer") -> Segment:
    line = {"field": "segment", "operator": "in", "value": segment.pk}
    condition = {"match": "all", "lines": [line]}
    return SegmentFactory(owner=segment.owner, name=name, condition=condition)


class TestTheList:
    def test_says_what_a_segment_means_and_what_uses_it(self, client: Client, user: User) -> None:
        segment = named(user, "Adas")
        within(segment)
        TaskFactory(owner=user).include_segments.add(segment)
        TaskFactory(owner=user).exclude_segments.add(segment)
        page = page_of(client.get(address("campaigns.segment", "changelist")))
        assert "Name is “Ada”" in page
        assert "2 campaigns, 1 segment" in page

    def test_says_that_one_cannot_be_used(self, client: Client, user: User) -> None:
        broken = SegmentFactory(owner=user, condition={})
        assert page_of(client.get(address("campaigns.segment", "size", broken.pk))) == (
            "cannot be used"
        )

    def test_is_read_by_viewers_as_sentences(self, user: User) -> None:
        segment = named(user, "Adas")
        url = address("campaigns.segment", "change", segment.pk)
        page = page_of(signed_in(member(VIEWER)).get(url))
        assert "Name is “Ada”" in page
        assert "c-0__field" not in page


class TestDeletion:
    @pytest.mark.parametrize("field", ["include_segments", "exclude_segments"])
    def test_of_one_that_a_draft_mails_is_refused(
        self, client: Client, user: User, field: str
    ) -> None:
        segment = named(user, "Adas")
        getattr(TaskFactory(owner=user, name="Spring"), field).add(segment)
        url = address("campaigns.segment", "delete", segment.pk)
        assert "Spring</a> (draft) uses “Adas”" in page_of(client.post(url, {"post": "yes"}), 403)
        assert Segment.objects.exists()

    def test_of_one_that_another_is_made_of_is_refused(self, client: Client, user: User) -> None:
        segment = named(user, "Adas")
        within(segment, "Outer")
        url = address("campaigns.segment", "delete", segment.pk)
        assert ">Outer</a>" in page_of(client.post(url, {"post": "yes"}), 403)

    def test_of_both_at_once_is_done(self, client: Client, user: User) -> None:
        inner = named(user, "Adas")
        keys = [inner.pk, within(inner).pk]
        data = {"action": "delete_selected", "_selected_action": keys, "post": "yes"}
        client.post(address("campaigns.segment", "changelist"), data)
        assert not Segment.objects.exists()

    def test_of_one_that_only_a_launched_task_used_is_done(
        self, client: Client, user: User
    ) -> None:
        segment = named(user, "Adas")
        SendingTaskFactory(owner=user).include_segments.add(segment)
        client.post(address("campaigns.segment", "delete", segment.pk), {"post": "yes"})
        assert not Segment.objects.exists()


def test_a_copy_has_the_same_condition_and_a_name_of_its_own(client: Client, user: User) -> None:
    segment = named(user, "Adas")
    url = address("campaigns.segment", "duplicate", segment.pk)
    assert "Duplicate “Adas”?" in page_of(client.get(url))
    for _ in range(2):
        client.post(url, CONFIRM)
    copies = Segment.objects.exclude(pk=segment.pk).order_by("pk")
    assert [copy.name for copy in copies] == ["Copy of Adas", "Copy of Adas (2)"]
    assert [copy.condition for copy in copies] == [segment.condition] * 2
    assert entries(copies[0]) == [(str(user), f"Copied from segment {segment.pk}, “Adas”.")]


def test_a_tag_that_a_segment_names_is_neither_deleted_nor_handed_on(
    client: Client, user: User
) -> None:
    team, tag = TeamFactory(members=[user]), TagFactory(owner=user, name="vip")
    line = {"field": "tag", "operator": "has", "value": tag.pk}
    SegmentFactory(owner=user, name="VIPs", condition={"match": "all", "lines": [line]})
    deletion = client.post(address("campaigns.tag", "delete", tag.pk), {"post": "yes"})
    assert ">VIPs</a>" in page_of(deletion, 403)
    url = address("campaigns.tag", "change", tag.pk)
    page = page_of(client.post(url, {"name": "vip", "owner": team.pk}))
    assert "The segment “VIPs” uses it, and stays." in page


class TestASplit:
    @pytest.fixture(autouse=True)
    def contacts(self, user: User) -> None:
        for number in range(40):
            ContactFactory(owner=user, name="Ada" if number % 2 else "Bob")

    def parts(self) -> list[set[int]]:
        made = Segment.objects.filter(name__contains=", part ").order_by("pk")
        return [set(contacts_of(each).values_list("pk", flat=True)) for each in made]

    def test_of_a_segment_puts_each_contact_into_one_part(self, client: Client, user: User) -> None:
        segment = named(user, "Adas")
        url = address("campaigns.segment", "split", segment.pk)
        response = client.post(url, {**CONFIRM, "parts": "3"}, follow=True)
        assert "3 new segments: “Adas, part 1 of 3”" in texts(response)
        parts = self.parts()
        assert sum(map(len, parts)) == 20
        assert set.union(*parts) == set(contacts_of(segment).values_list("pk", flat=True))

    @pytest.mark.parametrize("parts", ["", "1", "11", "x", "²", "9" * 30])
    def test_is_of_two_to_ten_parts(self, client: Client, user: User, parts: str) -> None:
        segment = named(user, "Adas")
        url = address("campaigns.segment", "split", segment.pk)
        assert client.post(url, {**CONFIRM, "parts": parts}).status_code == 200
        assert Segment.objects.count() == 1

    def test_of_a_campaign_is_of_its_audience(self, client: Client, user: User) -> None:
        task = TaskFactory(owner=user, name="Spring", audience="tags")
        tag, without = TagFactory(owner=user), TagFactory(owner=user)
        some = list(Contact.objects.order_by("pk")[:10])
        tag.contacts.set(some)
        without.contacts.set(some[:3])
        task.include_tags.add(tag)
        task.exclude_tags.add(without)
        url = address("campaigns.task", "split_audience", task.pk)
        client.post(url, {**CONFIRM, "parts": "2"})
        assert set.union(*self.parts()) == {contact.pk for contact in some[3:]}

    def test_of_a_campaign_to_everyone_is_of_all_contacts(self, client: Client, user: User) -> None:
        task = TaskFactory(owner=user)
        url = address("campaigns.task", "split_audience", task.pk)
        client.post(url, {**CONFIRM, "parts": "2"})
        assert sum(map(len, self.parts())) == 40

    def test_of_chosen_contacts_is_refused(self, client: Client, user: User) -> None:
        task = TaskFactory(owner=user, audience="chosen")
        url = address("campaigns.task", "split_audience", task.pk)
        assert "chosen one by one" in texts(client.get(url, follow=True))


class TestHandingOn:
    def test_a_segment_goes_to_the_team(self, client: Client, user: User) -> None:
        team = TeamFactory(members=[user])
        segment = named(user, "Adas")
        url = address("campaigns.segment", "change", segment.pk)
        client.post(url, form(("name", "is", {"text": "Ada"}), name="Adas", owner=team.pk))
        assert Segment.objects.get().owner_id == team.pk

    def test_one_that_names_a_tag_of_the_old_owner_stays(self, client: Client, user: User) -> None:
        team, tag = TeamFactory(members=[user]), TagFactory(owner=user)
        segment = named(user, "Adas")
        url = address("campaigns.segment", "change", segment.pk)
        page = page_of(client.post(url, form(("tag", "has", {"tag": tag.pk}), owner=team.pk)))
        assert "is gone" in page
        assert Segment.objects.get().owner == user

    def test_one_that_a_draft_uses_stays(self, client: Client, user: User) -> None:
        team, segment = TeamFactory(members=[user]), named(user, "Adas")
        TaskFactory(owner=user, name="Spring").include_segments.add(segment)
        within(segment, "Outer")
        url = address("campaigns.segment", "change", segment.pk)
        page = page_of(client.post(url, form(("name", "is", {"text": "A"}), owner=team.pk)))
        assert "The campaign “Spring” uses it." in page
        assert "The segment “Outer” uses it, and stays." in page


class TestTheAudienceOfATask:
    def test_by_tags_and_segments_takes_a_segment_alone(self, client: Client, user: User) -> None:
        segment, task = named(user, "Adas"), TaskFactory(owner=user)
        data = {
            "name": "Spring", "priority": "0", "audience": "tags", "include_segments": segment.pk,
            "needs_consent": "on", "leaves_out_running": "on",
            "tasktemplate_set-TOTAL_FORMS": "1", "tasktemplate_set-INITIAL_FORMS": "0",
            "tasktemplate_set-0-template": task.templates.get().pk, "tasktemplate_set-0-weight": 1,
        }  # fmt: skip
        client.post(address("campaigns.task", "add"), data)
        made = Task.objects.get(name="Spring")
        assert made.include_segments.get() == segment
        assert made.needs_consent and made.leaves_out_running

    def test_takes_no_segment_of_another_owner(self, client: Client, user: User) -> None:
        foreign = named(member(MANAGER), "Secret")
        data = {"name": "Spring", "audience": "tags", "include_segments": foreign.pk}
        page = page_of(client.post(address("campaigns.task", "add"), data))
        assert "Secret" not in page
        assert not Task.objects.filter(include_segments=foreign).exists()
