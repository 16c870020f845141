"""Rights that were taken away, or that are good once, and rows beyond one's rights."""

from __future__ import annotations

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from campaigns.models import Suppression
from tests.campaigns.admin.staff import NOBODY, address, member, signed_in
from tests.concurrency import run_together
from tests.factories import ContactFactory
from tests.signin.conftest import quick_hashing
from tests.signin.pages import enter_code, is_signed_in, make_user, sign_in, with_app

__all__ = ["quick_hashing"]  # a fixture for every test here


@pytest.mark.django_db
def test_a_session_ends_with_the_right_to_sign_in_for_good(client: Client) -> None:
    ada: User = make_user("ada", is_superuser=True)
    sign_in(client)
    for is_staff in (False, True):
        ada.is_staff = is_staff
        ada.save()
        assert client.get(reverse("sign_in_sessions")).status_code == 302
    assert not is_signed_in(client)


@pytest.mark.django_db(transaction=True)
def test_a_recovery_code_that_is_sent_many_times_at_once_is_good_for_one() -> None:
    ada = with_app(make_user("ada", is_superuser=True))
    recovery = RecoveryCodes.activate(ada).get_unused_codes()[0]

    def come_in() -> bool:
        fresh = Client()
        sign_in(fresh)
        enter_code(fresh, recovery)
        return is_signed_in(fresh)

    assert sorted(run_together(*[come_in] * 4)) == [False, False, False, True]


@pytest.mark.django_db
def test_a_suppression_of_others_that_was_looked_up_cannot_be_deleted() -> None:
    user = member(NOBODY)
    for verb in ("view", "delete"):
        user.user_permissions.add(Permission.objects.get(codename=f"{verb}_suppression"))
    ContactFactory(owner=user, email="own@example.com")
    for email in ("own@example.com", "ada@example.com"):
        row = Suppression.objects.create(email=email, reason="unsubscribed")
        form = {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
        for across in ("0", "1"):
            url = address("campaigns.suppression", "changelist") + f"?q={email}"
            signed_in(user).post(url, {**form, "select_across": across})
    assert list(Suppression.objects.values_list("email", flat=True)) == ["ada@example.com"]
