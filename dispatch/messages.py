"""From a claimed SubTask to the message that is handed over."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from campaigns import content
from campaigns.message_ids import message_id
from campaigns.models import Content, FailureReason
from dispatch.bounces import return_path
from dispatch.orders import Claim, Unsendable
from dispatch.providers.base import Message
from tracking import personal


@lru_cache(maxsize=256)
def frozen_content(content_id: int) -> Content:
    """A launched task's content, which never changes."""
    return Content.objects.get(pk=content_id)


def compose(
    claim: Claim,
    frozen: Content,
    domain: str,
    *,
    at: dt.datetime | None = None,
    bounce_domain: str = "",
    idempotency_key: str = "",
) -> Message | Unsendable:
    """Render a SubTask's frozen content, from its sender's local part at the service's domain.
    Bounces go to an address of its own at the bounce domain, if there is one. `at` is when the
    hand-over was first marked.

    The same for the same arguments, to the byte: a provider that de-duplicates by the key refuses
    it with another message. Touches no database.
    """
    try:
        variables = personal.variables(claim.id, frozen, claim.variables, at)
        rendered = content.render(frozen, variables)
    except content.RenderError as error:
        return Unsendable(FailureReason.RENDER_ERROR, str(error))
    return Message(
        message_id=message_id(claim.id, domain),
        from_email=f"{frozen.sender_local_part}@{domain}",
        from_name=frozen.sender_name,
        to_email=claim.recipient_email,
        rendered=rendered,
        reply_to=frozen.reply_to,
        return_path=return_path.address(claim.id, bounce_domain),
        headers=personal.headers(
            claim.task_id, frozen, domain, variables[personal.UNSUBSCRIBE_URL]
        ),
        subtask_id=claim.id,
        idempotency_key=idempotency_key,
    )
