"""Tags: counted, under one another, merged."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from campaigns.models import Contact, Segment, Tag
from tests.campaigns.admin.staff import (
    CONFIRM,
    MANAGER,
    VIEWER,
    address,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.factories import ContactFactory, SegmentFactory, TagFactory, TaskFactory

pytestmark = pytest.mark.django_db
LIST, MERGE = address("campaigns.tag", "changelist"), address("campaigns.tag", "merge")


@pytest.fixture
def user() -> User:
    return member(MANAGER)


def tags(user: User, *names: str) -> list[Tag]:
    return [TagFactory(owner=user, name=name) for name in names]


def merge(user: User, stays: Tag, *others: Tag) -> Any:
    ticked = ",".join(str(tag.pk) for tag in (stays, *others))
    form = {**CONFIRM, "stays": stays.pk}
    return signed_in(user).post(f"{MERGE}?ticked={ticked}", form, follow=True)


def save(user: User, tag: Tag, parent: Tag) -> str:
    url = address("campaigns.tag", "change", tag.pk)
    return page_of(signed_in(user).post(url, {"name": tag.name, "parent": parent.pk}, follow=True))


def test_the_list_counts_contacts(user: User) -> None:
    (spring,) = tags(user, "spring")
    for contact in ContactFactory.create_batch(2, owner=user):
        contact.tags.add(spring)
    assert f'?tags__id__exact={spring.pk}">2</a>' in page_of(signed_in(user).get(LIST))


def test_the_list_has_no_columns_that_would_be_empty(user: User) -> None:
    parent, child = tags(user, "club", "club of Rome")
    url = address("campaigns.tag", "changelist")
    assert "field-under" not in page_of(signed_in(user).get(url))
    assert "field-public" not in page_of(signed_in(user).get(url))
    Tag.objects.filter(pk=child.pk).update(parent=parent, is_public=True)
    assert "field-under" in page_of(signed_in(user).get(url))
    assert "field-public" in page_of(signed_in(user).get(url))


class TestUnderAnother:
    def test_is_one_level(self, user: User) -> None:
        top, middle, low = tags(user, "top", "middle", "low")
        save(user, middle, top)
        middle.refresh_from_db()
        assert middle.parent == top
        assert "is itself under another tag" in save(user, low, middle)
        assert "There are tags under this one" in save(user, top, low)

    def test_is_never_itself(self, user: User) -> None:
        (top,) = tags(user, "top")
        assert "cannot be under itself" in save(user, top, top)

    def test_is_no_tag_of_another_owner(self, user: User) -> None:
        (top,) = tags(user, "top")
        save(user, top, TagFactory())
        top.refresh_from_db()
        assert top.parent is None


class TestAMerge:
    def test_says_for_which_tag_they_count_then(self, user: User) -> None:
        top, low, other = tags(user, "top", "low", "other")
        Tag.objects.filter(pk=low.pk).update(parent=top)
        told = "“low” is under “top”: if it stays, all of them count for “top”; if not, none does"

        def asked(*ticked: Tag) -> str:
            keys = ",".join(str(tag.pk) for tag in ticked)
            return page_of(signed_in(user).get(f"{MERGE}?ticked={keys}"))

        assert told in asked(low, other)
        assert told not in asked(low, top)

    def test_loses_nothing(self, user: User) -> None:
        stays, gone, child = tags(user, "stays", "gone", "child")
        Tag.objects.filter(pk=child.pk).update(parent=gone)
        both, other = ContactFactory.create_batch(2, owner=user)
        both.tags.add(stays, gone)
        other.tags.add(gone)
        task = TaskFactory(owner=user, audience="tags")
        task.include_tags.add(gone)
        task.exclude_tags.add(gone, stays)
        line = {"field": "tag", "operator": "has", "value": gone.pk}
        nested = {"match": "all", "lines": [{"match": "none", "lines": [line]}]}
        segment: Segment = SegmentFactory(owner=user, condition=nested)
        merge(user, stays, gone)
        assert not Tag.objects.filter(pk=gone.pk).exists()
        assert set(Contact.objects.filter(tags=stays)) == {both, other}
        assert list(task.include_tags.all()) == [stays]
        assert list(task.exclude_tags.all()) == [stays]
        segment.refresh_from_db()
        assert segment.condition["lines"][0]["lines"][0]["value"] == stays.pk
        child.refresh_from_db()
        assert child.parent == stays

    def test_into_a_tag_under_one_that_goes_leaves_no_circle(self, user: User) -> None:
        gone, stays, beside = tags(user, "gone", "stays", "beside")
        Tag.objects.filter(pk__in=[stays.pk, beside.pk]).update(parent=gone)
        merge(user, stays, gone)
        stays.refresh_from_db()
        beside.refresh_from_db()
        assert (stays.parent, beside.parent) == (None, stays)

    def test_takes_no_tag_of_another_owner(self, user: User) -> None:
        (stays,) = tags(user, "stays")
        foreign = TagFactory()
        assert "Choose at least two tags." in page_of(merge(user, stays, foreign))
        assert Tag.objects.count() == 2

    def test_says_what_became_of_them(self, user: User) -> None:
        stays, gone = tags(user, "stays", "gone")
        assert "are “stays” now." in texts(merge(user, stays, gone))

    @pytest.mark.parametrize("ticked", ["", "x", "1,,2", "9" * 30])
    def test_of_nothing_is_refused(self, user: User, ticked: str) -> None:
        assert signed_in(user).get(MERGE, {"ticked": ticked}).status_code == 404

    def test_takes_the_permission(self) -> None:
        stays, gone = tags(member(MANAGER), "stays", "gone")
        assert merge(member(VIEWER), stays, gone).status_code == 403
        assert Tag.objects.count() == 2
