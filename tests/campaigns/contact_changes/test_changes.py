"""Changes of many contacts: fixed when asked for, resumed after a kill, undone."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from campaigns.contact_changes import asking, run
from campaigns.contact_changes.asking import Action, Consent, NotPossible
from campaigns.models import Contact, MailConsent, Operation, OperationState, Tag, TaskStatus
from campaigns.operations import running
from tests.factories import ContactFactory, TagFactory, TaskFactory, UserFactory

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.UTC)


@pytest.fixture
def owner() -> User:
    return UserFactory()


@pytest.fixture
def tag(owner: User) -> Tag:
    return TagFactory(owner=owner, name="spring")


def people(owner: User, number: int = 3) -> list[Contact]:
    return ContactFactory.create_batch(number, owner=owner)


def own(owner: User) -> QuerySet[Contact]:
    return Contact.objects.filter(owner=owner)


def done(operation: Operation) -> Operation:
    running.run(operation.pk)
    operation.refresh_from_db()
    return operation


def add(owner: User, *tags: Tag) -> Operation:
    return asking.tags(Action.ADD_TAGS, own(owner), [tag.pk for tag in tags], "spring", owner)


def remove(owner: User, *tags: Tag) -> Operation:
    return asking.tags(Action.REMOVE_TAGS, own(owner), [tag.pk for tag in tags], "spring", owner)


def agree(owner: User, for_refused: bool = False) -> Operation:
    return asking.consent(own(owner), Consent(MailConsent.GIVEN, AT, "fair", for_refused), owner)


def tagged(tag: Tag) -> set[int]:
    return set(tag.contacts.values_list("pk", flat=True))


def test_tags_are_added_to_all_that_matched(owner: User, tag: Tag) -> None:
    contacts = people(owner)
    operation = done(add(owner, tag))
    assert tagged(tag) == {contact.pk for contact in contacts}
    assert (operation.state, operation.done, operation.total) == (OperationState.DONE, 3, 3)
    assert operation.result == {"changed": 3}


def test_a_contact_that_matches_later_is_not_touched(owner: User, tag: Tag) -> None:
    contacts = people(owner)
    operation = add(owner, tag)
    people(owner)
    done(operation)
    assert tagged(tag) == {contact.pk for contact in contacts}


def test_a_contact_that_went_to_another_owner_is_not_touched(owner: User, tag: Tag) -> None:
    first, second = people(owner, 2)
    operation = add(owner, tag)
    Contact.objects.filter(pk=first.pk).update(owner=UserFactory())
    done(operation)
    assert tagged(tag) == {second.pk}


def test_a_contact_deleted_meanwhile_is_passed_over(owner: User, tag: Tag) -> None:
    first, second = people(owner, 2)
    operation = add(owner, tag)
    first.delete()
    assert done(operation).result == {"changed": 1}
    assert tagged(tag) == {second.pk}


def test_it_goes_on_where_it_was(owner: User, tag: Tag, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "PIECE", 2)
    contacts = people(owner, 5)
    operation = add(owner, tag)
    assert run.step(operation)
    assert len(tagged(tag)) == 2
    operation.refresh_from_db()
    assert (operation.done, operation.position) == (2, {"after": contacts[1].pk})
    assert done(operation).result == {"changed": 5}


def test_a_tag_deleted_meanwhile_ends_it_with_a_reason(owner: User, tag: Tag) -> None:
    people(owner)
    operation = add(owner, tag)
    tag.delete()
    assert "The tags were deleted" in done(operation).problem


def test_a_tag_of_another_owner_is_never_added(owner: User) -> None:
    people(owner)
    foreign = TagFactory()
    done(add(owner, foreign))
    assert tagged(foreign) == set()


def test_contacts_of_several_owners_are_refused(owner: User, tag: Tag) -> None:
    people(owner)
    ContactFactory()
    with pytest.raises(NotPossible, match="several owners"):
        asking.deletion(Contact.objects.all(), owner)


class TestTheUndoOfTags:
    def test_takes_added_tags_away_but_not_those_that_were_there(
        self, owner: User, tag: Tag
    ) -> None:
        contacts = people(owner)
        contacts[0].tags.add(tag)
        operation = done(add(owner, tag))
        assert operation.result == {"changed": 2}
        assert done(asking.undo(operation, owner)).result == {"changed": 2}
        assert tagged(tag) == {contacts[0].pk}

    def test_leaves_a_tag_that_was_taken_away_and_given_again(self, owner: User, tag: Tag) -> None:
        contacts = people(owner)
        operation = done(add(owner, tag))
        contacts[0].tags.remove(tag)
        contacts[0].tags.add(tag)
        assert done(asking.undo(operation, owner)).result == {"changed": 2}
        assert tagged(tag) == {contacts[0].pk}

    def test_gives_removed_tags_back(self, owner: User, tag: Tag) -> None:
        contacts = people(owner)
        for contact in contacts[:2]:
            contact.tags.add(tag)
        operation = done(remove(owner, tag))
        assert (operation.result, tagged(tag)) == ({"changed": 2}, set())
        contacts[1].delete()
        assert done(asking.undo(operation, owner)).result == {"changed": 1}
        assert tagged(tag) == {contacts[0].pk}

    def test_works_once(self, owner: User, tag: Tag) -> None:
        people(owner)
        operation = done(add(owner, tag))
        asking.undo(operation, owner)
        with pytest.raises(NotPossible, match="undone already"):
            asking.undo(operation, owner)

    def test_waits_for_the_end(self, owner: User, tag: Tag) -> None:
        people(owner)
        with pytest.raises(NotPossible, match="not ended"):
            asking.undo(add(owner, tag), owner)

    def test_undoes_what_a_cancelled_one_did(
        self, owner: User, tag: Tag, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(run, "PIECE", 2)
        people(owner, 5)
        operation = add(owner, tag)
        run.step(operation)
        running.cancel(operation)
        done(asking.undo(operation, owner))
        assert tagged(tag) == set()


class TestConsent:
    def test_is_set_with_source_and_time(self, owner: User) -> None:
        people(owner, 1)
        done(agree(owner))
        contact = Contact.objects.get()
        assert (contact.mail_consent, contact.mail_consent_at) == ("given", AT)
        assert contact.mail_consent_source == "fair"

    def test_of_those_who_refused_stays(self, owner: User) -> None:
        ContactFactory(owner=owner, mail_consent="refused")
        assert done(agree(owner)).result == {"changed": 0}
        assert Contact.objects.get().mail_consent == "refused"

    def test_of_those_who_refused_is_set_when_asked_for(self, owner: User) -> None:
        ContactFactory(owner=owner, mail_consent="refused")
        done(agree(owner, for_refused=True))
        assert Contact.objects.get().mail_consent == "given"

    def test_is_as_before_after_an_undo_unless_changed_since(self, owner: User) -> None:
        before = timezone.now()
        ContactFactory(
            owner=owner, mail_consent="given", mail_consent_at=before, mail_consent_source="form"
        )
        other = ContactFactory(owner=owner)
        operation = done(agree(owner))
        Contact.objects.filter(pk=other.pk).update(mail_consent="refused")
        assert done(asking.undo(operation, owner)).result == {"changed": 1}
        first, second = Contact.objects.order_by("pk")
        assert (first.mail_consent_at, first.mail_consent_source) == (before, "form")
        assert second.mail_consent == "refused"


class TestDeletion:
    def test_deletes_and_cannot_be_undone(self, owner: User) -> None:
        people(owner)
        foreign = ContactFactory()
        operation = done(asking.deletion(own(owner), owner))
        assert list(Contact.objects.all()) == [foreign]
        assert operation.result == {"changed": 3, "in_use": 0}
        with pytest.raises(NotPossible, match="cannot be undone"):
            asking.undo(operation, owner)

    def test_leaves_who_is_chosen_for_a_campaign_that_was_not_launched(self, owner: User) -> None:
        chosen, launched, _ = people(owner)
        TaskFactory(owner=owner).contacts.add(chosen)
        TaskFactory(owner=owner, status=TaskStatus.COMPLETED).contacts.add(launched)
        operation = done(asking.deletion(own(owner), owner))
        assert operation.result == {"changed": 2, "in_use": 1}
        assert list(Contact.objects.all()) == [chosen]
