"""Re-encrypt what services and second factors store, so that old keys can be taken out of
CREDENTIALS_KEYS.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from dispatch.encryption import HOLDERS, UNREADABLE, CredentialsError, rotate
from dispatch.models import BounceMailbox, EmailService
from signin import encryption


class Command(BaseCommand):
    help = (
        "Encrypts the credentials of every email service, of its bounce mailbox and of its "
        "webhook, the second factors of staff and the secrets of their webhooks, with the first "
        "key in CREDENTIALS_KEYS."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        unreadable = []
        rotated = 0
        for pk, name in EmailService.objects.order_by("pk").values_list("pk", "name"):
            try:
                _rotate_webhook_key(pk)
                rotated += _rotate_one(pk)
                rotated += _rotate_mailbox(pk)
            except CredentialsError as error:
                unreadable.append(f"{name}: {error}")
        factors, lost = encryption.rotate_all()
        rotated += factors
        if lost:
            unreadable.append(f"{lost} second factors: {encryption.UNREADABLE}")
        for holder in HOLDERS:
            others, lost = holder()
            rotated += others
            if lost:
                unreadable.append(f"{lost} secrets of webhooks of staff: {UNREADABLE}")
        self.stdout.write(f"{rotated} rotated, {len(unreadable)} unreadable")
        if unreadable:
            raise CommandError("\n".join(unreadable))


@transaction.atomic
def _rotate_one(pk: int) -> int:
    """How many rows were re-encrypted. One lock at a time, so that no dispatcher waits for the
    whole run.
    """
    service = EmailService.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if service is None or not service.credentials:
        return 0
    token = rotate(service.credentials)
    return EmailService.objects.filter(pk=pk).update(credentials=token)


@transaction.atomic
def _rotate_webhook_key(pk: int) -> None:
    """The same for its webhook key."""
    service = EmailService.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if service is not None:
        token = rotate(service.webhook_key_encrypted)
        EmailService.objects.filter(pk=pk).update(webhook_key_encrypted=token)


@transaction.atomic
def _rotate_mailbox(pk: int) -> int:
    """The same for where its bounces are read."""
    mailbox = BounceMailbox.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if mailbox is None or not mailbox.settings:
        return 0
    return BounceMailbox.objects.filter(pk=pk).update(settings=rotate(mailbox.settings))
