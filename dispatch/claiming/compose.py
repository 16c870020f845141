"""Compose the message of a claimed SubTask."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_noop

from addressing.message_ids import message_id
from admin_kit.words.stored_texts import in_english
from campaigns.models import Content, FailureReason
from campaigns.rendering import content
from dispatch.bounces import return_path
from dispatch.claiming.deliveries import Claim, NotStarted, Unsendable
from dispatch.message.attached import NOTHING, Attached
from dispatch.message.message import Message
from sandbox import Failed
from tracking.links import personalise

NO_WORKER_SECONDS = 5.0
"""How long a message waits that no worker could render."""
PAUSED_SECONDS = 1.0
"""How long one waits whose task is being paused; resumed, it is sent on that soon."""


logger = logging.getLogger(__name__)
TOO_COSTLY = gettext_noop(
    "Paused automatically: its template costs too much. %(reason)s Other messages of the same "
    "services would wait for it. Cancel the campaign and launch a copy with a simpler template; "
    "resume it to go on all the same, until it costs too much again."
)
"""Begins as all such notes do."""


@lru_cache(maxsize=256)
def frozen_content(content_id: int) -> Content:
    """A launched task's content, which never changes. Where its messages need a worker, one begins
    to prepare for them.
    """
    frozen: Content = Content.objects.get(pk=content_id)
    threading.Thread(target=_prepare, args=[frozen], name="prepare content", daemon=True).start()
    return frozen


def _prepare(frozen: Content) -> None:
    with suppress(content.TemplateError, Failed):  # each message will say so
        content.prepare(frozen)


def compose(
    claim: Claim,
    frozen: Content,
    domain: str,
    *,
    at: dt.datetime | None = None,
    bounce_domain: str = "",
    idempotency_key: str = "",
    attached: Attached = NOTHING,
) -> Message | Unsendable | NotStarted:
    """Render a SubTask's frozen content, from its sender's local part at the service's domain.
    Bounces go to an address of its own at the bounce domain, if there is one. `at` is when the
    hand-over was first marked.

    The same for the same arguments, to the byte: a provider that de-duplicates by the key refuses
    it with another message. Touches no database.
    """
    variables = personalise.variables(claim.id, frozen, claim.variables, at)
    rendered = _rendered(claim, frozen, variables)
    if isinstance(rendered, (Unsendable, NotStarted)):
        return rendered
    return Message(
        message_id=message_id(claim.id, domain),
        from_email=f"{frozen.sender_local_part}@{domain}",
        from_name=frozen.sender_name,
        to_email=claim.recipient_email,
        rendered=rendered,
        reply_to=frozen.reply_to,
        return_path=return_path.address(claim.id, bounce_domain),
        headers=personalise.headers(
            claim.task_id, frozen, domain, variables[personalise.UNSUBSCRIBE_URL]
        ),
        subtask_id=claim.id,
        idempotency_key=idempotency_key,
        attached=attached,
    )


def _rendered(
    claim: Claim, frozen: Content, variables: Mapping[str, Any]
) -> content.Rendered | Unsendable | NotStarted:
    """What blames the machine or the template as a whole is no recipient's failure: then the
    message is not started.
    """
    try:
        with in_english():
            return content.render(frozen, variables)
    except content.TooCostly as error:
        return NotStarted(str(error), PAUSED_SECONDS, pause=_paused(error))
    except content.RenderError as error:
        return Unsendable(FailureReason.RENDER_ERROR, str(error))
    except Failed as error:
        logger.warning("SubTask %s is rendered later: %s", claim.id, error)
        return NotStarted(
            gettext_noop("no worker could render it: %(reason)s") % {"reason": error},
            NO_WORKER_SECONDS,
        )


def _paused(error: content.TooCostly) -> str:
    return TOO_COSTLY % {"reason": error}
