"""An address that was erased is known by its hash wherever it comes again."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db.models.functions import Now
from pytest_django import DjangoAssertNumQueries, Settings

from campaigns import audience, erased_keys, erasure, suppressions
from campaigns.imports.writing.contacts import import_contacts
from campaigns.launching import launch
from campaigns.models import Contact, Launch, Operation, SubTask, Suppression, TaskStatus
from campaigns.recipients import addresses
from dispatch.claiming import claims
from edm_project.environment import new_fernet_key
from tests.factories import ContactFactory, SubTaskFactory, TaskFactory, UserFactory

pytestmark = pytest.mark.django_db
ADA, BOB = "ada@example.com", "bob@example.com"


@pytest.fixture
def ada_erased() -> None:
    Suppression.objects.create(email=erased_keys.key_of(ADA), reason="erased")


def test_the_hash_does_not_tell_the_address() -> None:
    assert not any(part in erased_keys.key_of(ADA) for part in ("ada@", "example"))
    assert len(erased_keys.key_of(ADA)) == 65


def test_another_key_makes_another_hash(settings: Settings) -> None:
    before = erased_keys.key_of(ADA)
    settings.ERASURE_KEYS = [new_fernet_key()]
    assert erased_keys.key_of(ADA) != before


def test_a_new_key_in_front_still_knows_what_the_old_one_erased(
    ada_erased: None, settings: Settings
) -> None:
    settings.ERASURE_KEYS = [new_fernet_key(), *settings.ERASURE_KEYS]
    assert suppressions.suppressed([ADA, BOB]) == {ADA}
    assert suppressions.erased_among([ADA, BOB]) == {ADA}


def test_nothing_but_one_look_is_taken_while_nothing_was_erased(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(1):
        assert suppressions.erased_among([ADA]) == set()


def test_a_claim_fails_what_is_addressed_to_it(ada_erased: None) -> None:
    subtask = SubTaskFactory(recipient_email=ADA)
    other = SubTaskFactory(recipient_email=BOB, task=subtask.task, content=subtask.content)
    assert [claim.id for claim in claims.lock_claimable(subtask.task_id, 5)] == [other.pk]
    assert SubTask.objects.get(pk=subtask.pk).failure_reason == "suppressed"


def test_a_launch_leaves_it_out_and_counts_it(ada_erased: None) -> None:
    task = TaskFactory(status=TaskStatus.QUEUED, launched_at=Now())
    ContactFactory(owner=task.owner, email=ADA)
    ContactFactory(owner=task.owner, email=BOB)
    launch.expand(task.pk)
    assert SubTask.objects.get().recipient_email == BOB
    assert Launch.objects.get().suppressed == {"erased": 1}


def test_an_import_of_contacts_rejects_it_with_its_line(ada_erased: None) -> None:
    file = BytesIO(b"email\nbob@example.com\nAda@example.com\n")
    report = import_contacts(file, UserFactory())
    assert [(line, value) for line, value, _ in report.rejected] == [(3, ADA)]
    assert "erased" in report.rejected[0].reason
    assert [contact.email for contact in Contact.objects.all()] == [BOB]


@pytest.mark.parametrize("make", [lambda: Contact(email=ADA), lambda: Suppression(email=ADA)])
def test_nobody_enters_it_again_by_hand(ada_erased: None, make: Any) -> None:
    with pytest.raises(ValidationError, match="was erased"):
        make().clean()


def test_a_domain_holds_for_all_its_addresses_at_the_launch_and_in_the_claim() -> None:
    Suppression.objects.create(email="@example.com")
    task = TaskFactory(status=TaskStatus.QUEUED, launched_at=Now())
    ContactFactory(owner=task.owner, email=ADA)
    ContactFactory(owner=task.owner, email="ada@example.org")
    assert audience.mailable(Contact.objects.all()).get().email == "ada@example.org"
    launch.expand(task.pk)
    assert SubTask.objects.get().recipient_email == "ada@example.org"
    late = SubTaskFactory(recipient_email=BOB)
    assert claims.lock_claimable(late.task_id, 5) == []


def test_a_suppression_outlives_its_contact() -> None:
    Suppression.objects.create(email=ADA)
    ContactFactory(email=ADA).delete()
    assert suppressions.suppressed([ADA]) == {ADA}


def test_the_problems_that_imports_list_lose_an_erased_address() -> None:
    raw = b"email,name\nada@example.com," + b"x" * 300 + b"\nbad,Bob\n"
    import_contacts(BytesIO(raw), UserFactory())
    erasure.forget_contacts("ada@example.com")
    listed = Operation.objects.get().result["listed"]["rejected"]
    assert [value for _, value, _ in listed] == ["bad"]


@pytest.mark.parametrize("most", [0, 50_000])
def test_among_many_addresses_it_is_known_by_any_key_however_long_the_list_is(
    ada_erased: None, settings: Settings, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(suppressions, "MOST_IN_MEMORY", most)
    settings.ERASURE_KEYS = [new_fernet_key(), *settings.ERASURE_KEYS]
    Suppression.objects.create(email=erased_keys.key_of("eve@example.com"), reason="erased")
    erased = suppressions.ErasedList()
    assert erased.among([ADA, BOB, "eve@example.com"]) == {ADA, "eve@example.com"}


def test_every_address_of_several_pages_is_looked_at(
    ada_erased: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "AT_A_TIME", 2)
    owner = UserFactory()
    for email in (BOB, "cyd@example.com", "dan@example.com", ADA):
        ContactFactory(owner=owner, email=email)
    assert addresses.look_at(Contact.objects.filter(owner=owner)).erased == {ADA}
