"""Writing to the suppression list, and what is found on it."""

from __future__ import annotations

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from campaigns import erased_keys, suppressions
from campaigns.models import Contact, Suppression
from campaigns.models.contacts import SuppressionReason
from tests.concurrency import running, second_connection, wait_until_somebody_waits_for_a_lock
from tests.factories import ContactFactory

pytestmark = pytest.mark.django_db
R = SuppressionReason
ADA, BOB = "ada@example.com", "bob@example.com"


def entries() -> list[tuple[str, str, str]]:
    return list(Suppression.objects.order_by("email").values_list("email", "reason", "source"))


class TestSuppressing:
    def test_an_address_twice_at_once_is_one_entry(self) -> None:
        suppressions.suppress([(ADA, R.COMPLAINT, "first"), (ADA, R.COMPLAINT, "second")])
        assert [email for email, *_ in entries()] == [ADA]

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_of_two_reasons_at_once_the_graver_one_stays(self, order: tuple[int, int]) -> None:
        told = [(ADA, R.UNSUBSCRIBED, "her wish"), (ADA, R.HARD_BOUNCE, "her server")]
        suppressions.suppress([told[n] for n in order])
        assert entries() == [(ADA, "hard_bounce", "her server")]

    def test_a_graver_reason_replaces_unsubscribed_with_its_source(self) -> None:
        suppressions.suppress([(ADA, R.UNSUBSCRIBED, "her wish")])
        suppressions.suppress([(ADA, R.COMPLAINT, "her provider")])
        assert entries() == [(ADA, "complaint", "her provider")]

    def test_who_unsubscribes_again_keeps_the_first_source(self) -> None:
        suppressions.suppress([(ADA, R.UNSUBSCRIBED, "the first wish")])
        suppressions.suppress([(ADA, R.UNSUBSCRIBED, "the second wish")])
        assert entries() == [(ADA, "unsubscribed", "the first wish")]

    def test_a_source_that_is_too_long_is_cut(self) -> None:
        suppressions.suppress([(ADA, R.MANUAL, "s" * 199 + "é" + "t" * 300)])
        assert entries() == [(ADA, "manual", "s" * 199 + "é")]

    def test_a_placeholder_of_an_erased_address_is_left_out(self) -> None:
        told = suppressions.suppress(
            [("erased-7@erased.invalid", R.HARD_BOUNCE, ""), (ADA, R.HARD_BOUNCE, "")]
        )
        assert told == {ADA: Suppression.objects.get().pk}
        assert [email for email, *_ in entries()] == [ADA]


@pytest.mark.django_db(transaction=True)
def test_entries_are_locked_in_the_order_of_their_addresses() -> None:
    """Two that suppress the same addresses wait for each other, and never both."""
    Suppression.objects.create(email=ADA)
    Suppression.objects.create(email=BOB)
    with second_connection() as other, other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM campaigns_suppression WHERE email = %s FOR UPDATE", [BOB])
        told = [(BOB, R.COMPLAINT, ""), (ADA, R.COMPLAINT, "")]
        with running(lambda: suppressions.suppress(told)) as suppressing:
            wait_until_somebody_waits_for_a_lock()
            cursor.execute(
                "SELECT email FROM campaigns_suppression WHERE email = %s FOR UPDATE SKIP LOCKED",
                [ADA],
            )
            free = cursor.fetchall()
            cursor.execute("COMMIT")
            assert set(suppressing.result(10)) == {ADA, BOB}
    assert free == []


@pytest.mark.django_db(transaction=True)
def test_an_address_that_complains_while_it_is_lifted_stays_on_the_list() -> None:
    Suppression.objects.create(email=ADA, reason=R.UNSUBSCRIBED)

    def lift() -> int | None:
        with transaction.atomic():
            return suppressions.lift(ADA)

    with second_connection() as other, other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("UPDATE campaigns_suppression SET reason = 'complaint'")
        with running(lift) as lifting:
            wait_until_somebody_waits_for_a_lock()
            cursor.execute("COMMIT")
            assert lifting.result(10) is None
    assert entries() == [(ADA, "complaint", "")]


class TestWhatIsOnTheList:
    def test_only_what_was_asked_for_is_found(self) -> None:
        Suppression.objects.create(email=ADA)
        Suppression.objects.create(email="@example.org")
        assert suppressions.listed([BOB, "@example.org"]) == {"@example.org"}

    def test_an_address_in_another_script_is_found(self) -> None:
        Suppression.objects.create(email="münze@例え.example")
        Suppression.objects.create(email="😀@example.com")
        assert suppressions.listed(["münze@例え.example", "😀@example.com", BOB]) == {
            "münze@例え.example",
            "😀@example.com",
        }

    @pytest.mark.parametrize(
        ("address", "is_free"),
        [('"ada@home"@example.com', False), (ADA, False), ("ada@mail.example.com", True)],
    )
    def test_sql_takes_what_follows_the_last_at_sign_for_the_domain(
        self, address: str, is_free: bool
    ) -> None:
        Suppression.objects.create(email="@example.com")
        ContactFactory(email=address)
        free = suppressions.not_suppressed(Contact.objects.all(), "email")
        assert free.exists() == is_free

    def test_who_was_erased_costs_one_look_while_the_list_has_other_reasons_only(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        Suppression.objects.create(email=ADA, reason=R.COMPLAINT)
        with django_assert_num_queries(1):
            assert suppressions.erased_among([ADA, BOB]) == set()

    def test_who_was_erased_is_found_among_others(self) -> None:
        Suppression.objects.create(email=erased_keys.key_of(ADA), reason=R.ERASED)
        assert suppressions.erased_among([ADA, BOB]) == {ADA}
