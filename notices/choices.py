"""What users have chosen, and the state of their webhooks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse

from dispatch.encryption import CredentialsError, decrypt, encrypt, rotate
from notices import outbox, webhooks
from notices.models import Channel, Choice, Delivery, Kind, Notice, State, Why

FAILING_FOR = dt.timedelta(days=3)
"""Without one success, until a webhook is switched off; by then the first notice was tried ten
times."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """`renew` makes a new secret, `switch_on` a webhook that was switched off work again."""

    mail: str
    unwanted: list[str]
    webhook_url: str
    renew: bool = False
    switch_on: bool = False


def of(user: User) -> Choice:
    return Choice.objects.filter(user=user).first() or Choice(user=user)


def save(user: User, chosen: Chosen) -> str:
    """Returns the secret of the webhook if it is a new one, which is not to be had again; another
    address gets another one.
    """
    with transaction.atomic():
        Choice.objects.get_or_create(user=user)
        choice = Choice.objects.select_for_update().get(user=user)
        moves = choice.webhook_url != chosen.webhook_url
        choice.mail, choice.unwanted = chosen.mail, chosen.unwanted
        choice.webhook_url = chosen.webhook_url
        secret = ""
        if moves:
            choice.webhook_secret = ""
        if choice.webhook_url and (chosen.renew or not choice.webhook_secret):
            secret = webhooks.new_secret()
            choice.webhook_secret = encrypt({"secret": secret})
        if moves or chosen.switch_on:
            choice.webhook_failing_since = choice.webhook_off_at = None
        choice.save()
    return secret


def secret_of(choice: Choice) -> str:
    """Raises CredentialsError."""
    return str(decrypt(choice.webhook_secret).get("secret", ""))


def webhook_worked(choice: Choice) -> None:
    """What waits since it failed follows at once."""
    failing = Choice.objects.filter(pk=choice.pk, webhook_failing_since__isnull=False)
    if failing.update(webhook_failing_since=None):
        waiting = Delivery.objects.filter(user=choice.pk, channel=Channel.WEBHOOK)
        waiting.filter(state=State.WAITING).update(next_try_at=Now())


def webhook_failed(choice: Choice) -> None:
    Choice.objects.filter(pk=choice.pk, webhook_failing_since=None).update(
        webhook_failing_since=Now()
    )


def switch_off_if_dead(choice: Choice, failed: Delivery, *, is_gone: bool) -> bool:
    """Switch a webhook off when its receiver says that it is gone, or when an attempt too many has
    failed after days of failing. What waits for it is given up, and its user is told by mail.
    """
    dead = Choice.objects.filter(pk=choice.pk, webhook_url=choice.webhook_url, webhook_off_at=None)
    if not is_gone:
        dead = dead.filter(webhook_failing_since__lt=Now() - FAILING_FOR)
    with transaction.atomic():
        if not dead.update(webhook_off_at=Now()):
            return False
        waiting = Delivery.objects.filter(user=choice.user, channel=Channel.WEBHOOK)
        waiting.filter(state=State.WAITING).update(
            state=State.GIVEN_UP, ended_at=Now(), why=Why.UNWANTED
        )
        off = Choice.objects.get(pk=choice.pk)
        assert off.webhook_off_at is not None
        outbox.record(
            Notice(
                kind=Kind.WEBHOOK_OFF,
                key=f"{Kind.WEBHOOK_OFF}:{failed.uid}",
                owner=choice.user,
                happened_at=off.webhook_off_at,
                facts={"name": off.webhook_url},
                path=reverse("own_notices"),
            )
        )
    return True


def rotate_secrets() -> tuple[int, int]:
    """Encrypt the secrets of webhooks anew. Returns how many, and how many cannot be read."""
    rotated = unreadable = 0
    for pk in Choice.objects.exclude(webhook_secret="").values_list("pk", flat=True):
        try:
            rotated += _rotate_one(pk)
        except CredentialsError:
            unreadable += 1
    return rotated, unreadable


@transaction.atomic
def _rotate_one(pk: int) -> int:
    choice = Choice.objects.select_for_update().filter(pk=pk).exclude(webhook_secret="").first()
    if choice is None:
        return 0
    return Choice.objects.filter(pk=pk).update(webhook_secret=rotate(choice.webhook_secret))
