"""What the services of a campaign take of attachments, for the check before its launch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from campaigns.attachments.limits import Limit
from campaigns.models import Task
from dispatch.encryption import decrypt
from dispatch.errors import ServiceError
from dispatch.models import EmailService
from dispatch.providers import find_provider


def of_task(task: Task) -> Sequence[Limit]:
    """Of the services that it names, else of all enabled ones that its owner may use."""
    chosen: Sequence[EmailService] = list(task.services.order_by("pk"))
    services = chosen or list(EmailService.objects.usable_by(task.owner_id).order_by("pk"))
    return [limit for service in services if (limit := _limit(service))]


def _limit(service: EmailService) -> Limit | None:
    provider = find_provider(service.provider)
    if provider is None:
        return None
    octets = provider.most_octets(_settings(service))
    return Limit(f"“{service}” ({provider.label})", octets, provider.attachment_endings)


def _settings(service: EmailService) -> Mapping[str, Any]:
    """None that can be read: the service says so where it is used."""
    try:
        return decrypt(service.credentials)
    except ServiceError:
        return {}
