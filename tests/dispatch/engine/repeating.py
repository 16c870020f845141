"""A provider that loses its reply, for the tests of what is repeated."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models.functions import Now

from campaigns.models import (
    SubTask,
)
from dispatch.models import EmailService
from tests.deduplicating_provider import DeduplicatingProvider
from tests.dispatching import Dispatch
from tests.factories import (
    EmailServiceFactory,
    one_message,
)


def service_at(server: DeduplicatingProvider, **kwargs: Any) -> EmailService:
    service: EmailService = EmailServiceFactory(
        provider="resend", settings=server.settings(), **kwargs
    )
    return service


def lose_a_reply(
    provider: DeduplicatingProvider, dispatch: Dispatch, service: EmailService
) -> SubTask:
    """A SubTask that the provider has accepted, in doubt because its reply was lost."""
    subtask = one_message()
    provider.misdeeds = ["cut"]
    dispatch()
    subtask.refresh_from_db()
    assert subtask.in_doubt_since and subtask.service == service
    return subtask


def time_passes() -> None:
    """The pause before a repeat is over."""
    SubTask.objects.exclude(in_doubt_since=None).update(
        in_doubt_since=Now() - dt.timedelta(seconds=31)
    )


def doubt_is_over() -> bool:
    return not SubTask.objects.exclude(status="sent").exists()
