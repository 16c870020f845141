"""The undo of an import."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from campaigns.imports.writing import run, undo
from campaigns.models import (
    Audience,
    Contact,
    Operation,
    OperationKind,
    OperationState,
    Suppression,
    Tag,
)
from campaigns.operations import held
from campaigns.operations.kinds import OperationProblem
from tests.campaigns.imports.importing import carried_out, guessed, imported, prepared, tags
from tests.factories import OperationFactory, SubTaskFactory, TaskFactory, UserFactory

pytestmark = pytest.mark.django_db

RAW = b"email,name,tags\nann@b.example,Ann,new\nbob@b.example,Bob,new\n"
ANN = "ann@b.example"


@pytest.fixture
def owner() -> User:
    return UserFactory()


@pytest.fixture
def operation(owner: User) -> Operation:
    operation = prepared(RAW, owner, guessed(RAW, owner))
    carried_out(operation)
    Operation.objects.filter(pk=operation.pk).update(state=OperationState.DONE)
    operation.refresh_from_db()
    return operation


def undone(operation: Operation) -> dict[str, Any]:
    work = OperationFactory(
        kind=OperationKind.UNDO_IMPORT, owner=operation.owner, params={"import": operation.pk}
    )
    while undo.step(work):
        work.refresh_from_db()
    work.refresh_from_db()
    result: dict[str, Any] = work.result
    return result


def addresses(owner: User) -> set[str]:
    return set(Contact.objects.filter(owner=owner).values_list("email", flat=True))


def test_what_the_import_made_is_removed_with_its_tags(owner: User, operation: Operation) -> None:
    assert undo.preview(operation) == {"removed": 2, "left": {}}
    assert undone(operation) == {"removed": 2, "left": {}, "tags_removed": 1, "tags_left": 0}
    assert (addresses(owner), tags(owner)) == (set(), set())
    operation.refresh_from_db()
    assert operation.undone_at is not None


def test_it_is_done_in_pieces(
    owner: User, operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo, "CONTACTS", 1)
    assert undone(operation)["removed"] == 2
    assert addresses(owner) == set()


def test_an_import_that_was_cancelled_is_undone(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaigns.imports.reading.pieces.ROWS", 1)
    operation = prepared(RAW, owner, guessed(RAW, owner))
    run.step(operation)
    held.close()
    Operation.objects.filter(pk=operation.pk).update(state=OperationState.CANCELLED)
    operation.refresh_from_db()
    assert addresses(owner) == {ANN}
    assert undone(operation) == {"removed": 1, "left": {}, "tags_removed": 1, "tags_left": 0}


def test_contacts_from_before_stay(owner: User) -> None:
    Contact.objects.create(owner=owner, email=ANN)
    operation = prepared(RAW, owner, guessed(RAW, owner))
    carried_out(operation)
    Operation.objects.update(state=OperationState.DONE)
    assert undone(operation)["removed"] == 1
    assert addresses(owner) == {ANN}


def was_mailed(ann: Contact) -> None:
    task = TaskFactory(owner=ann.owner, launched_at=timezone.now() + dt.timedelta(hours=1))
    SubTaskFactory(task=task, recipient_email=ann.email)


def was_chosen(ann: Contact) -> None:
    TaskFactory(owner=ann.owner, audience=Audience.CHOSEN).contacts.add(ann)


def was_changed(ann: Contact) -> None:
    Contact.objects.filter(pk=ann.pk).update(name="Anna")


def was_tagged(ann: Contact) -> None:
    ann.tags.add(Tag.objects.create(owner=ann.owner, name="later"))


def came_in_again(ann: Contact) -> None:
    imported(b"email\nann@b.example\n", ann.owner)


@pytest.mark.parametrize(
    ("use", "reason"),
    [
        (was_mailed, "mailed"),
        (was_chosen, "chosen"),
        (was_changed, "changed"),
        (was_tagged, "tagged"),
        (came_in_again, "imported"),
    ],
)
def test_a_contact_that_was_used_or_changed_is_left_and_said(
    owner: User, operation: Operation, use: Callable[[Contact], None], reason: str
) -> None:
    use(Contact.objects.get(owner=owner, email=ANN))
    assert undo.preview(operation) == {"removed": 1, "left": {reason: 1}}
    result = undone(operation)
    assert (result["removed"], result["left"], result["tags_left"]) == (1, {reason: 1}, 1)
    assert addresses(owner) == {ANN}


def test_an_import_that_was_undone_is_no_use(owner: User, operation: Operation) -> None:
    again = prepared(RAW, owner, guessed(RAW, owner))
    carried_out(again)
    Operation.objects.filter(pk=again.pk).update(state=OperationState.DONE)
    assert undo.preview(operation) == {"removed": 0, "left": {"imported": 2}}
    assert undone(again)["removed"] == 0
    assert undo.preview(operation) == {"removed": 2, "left": {}}


def test_a_dry_run_of_another_file_is_no_use(owner: User, operation: Operation) -> None:
    imported(RAW, owner, dry_run=True)
    assert undo.preview(operation)["removed"] == 2


def test_what_the_import_itself_added_later_is_no_change(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaigns.imports.reading.pieces.ROWS", 1)
    raw = b"email,tags,Consent\nann@b.example,a,\nbob@b.example,,\nann@b.example,b,yes\n"
    operation = prepared(raw, owner, guessed(raw, owner))
    carried_out(operation)
    assert Contact.objects.get(owner=owner, email=ANN).mail_consent == "given"
    assert undo.preview(operation) == {"removed": 2, "left": {}}


def test_a_tag_that_was_taken_off_since_keeps_no_contact(owner: User, operation: Operation) -> None:
    Contact.objects.get(owner=owner, email=ANN).tags.clear()
    assert undone(operation)["removed"] == 2
    assert addresses(owner) == set()


def test_suppressions_stay(owner: User) -> None:
    raw = b"email,status\nann@b.example,unsubscribed\n"
    operation = prepared(raw, owner, guessed(raw, owner, may_suppress=True))
    carried_out(operation)
    Operation.objects.update(state=OperationState.DONE)
    undone(operation)
    assert Suppression.objects.filter(email=ANN).exists()


def test_an_import_that_is_under_way_is_not_undone(owner: User, operation: Operation) -> None:
    Operation.objects.filter(pk=operation.pk).update(state=OperationState.RUNNING)
    with pytest.raises(OperationProblem, match="Cancel it, then undo it"):
        undone(operation)


def test_the_import_of_another_owner_is_not_undone(operation: Operation) -> None:
    work = OperationFactory(kind=OperationKind.UNDO_IMPORT, params={"import": operation.pk})
    with pytest.raises(OperationProblem, match="not there any more"):
        undo.step(work)
