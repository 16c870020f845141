"""From a claimed SubTask to the message that is handed over."""

from __future__ import annotations

import hmac
from functools import lru_cache

from django.conf import settings
from django.utils.crypto import salted_hmac

from campaigns import content
from campaigns.models import Content, FailureReason
from dispatch.orders import Claim, Unsendable
from dispatch.providers.base import Message


@lru_cache(maxsize=256)
def frozen_content(content_id: int) -> Content:
    """A launched task's content, which never changes."""
    return Content.objects.get(pk=content_id)


def message_id(subtask_id: int, domain: str) -> str:
    """The Message-ID of a SubTask: the same at every hand-over, not to be guessed, on the sending
    domain.
    """
    mark = _keyed(settings.SECRET_KEY).copy()
    mark.update(str(subtask_id).encode("ascii"))
    return f"<{subtask_id}.{mark.hexdigest()[:16]}@{domain}>"


@lru_cache(maxsize=1)
def _keyed(secret: str) -> hmac.HMAC:
    """Deriving the key takes longer than using it."""
    return salted_hmac("dispatch.message_id", "", secret)


def compose(claim: Claim, frozen: Content, domain: str) -> Message | Unsendable:
    """Render a SubTask's frozen content, from its sender's local part at the service's domain.

    Touches no database.
    """
    try:
        rendered = content.render(frozen, claim.variables)
    except content.RenderError as error:
        return Unsendable(FailureReason.RENDER_ERROR, str(error))
    return Message(
        message_id=message_id(claim.id, domain),
        from_email=f"{frozen.sender_local_part}@{domain}",
        from_name=frozen.sender_name,
        to_email=claim.recipient_email,
        rendered=rendered,
        reply_to=frozen.reply_to,
    )
