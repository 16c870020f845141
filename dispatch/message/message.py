"""What is handed over to a provider, and what the provider answers when it takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from campaigns.rendering.content import Rendered
from dispatch.message.attached import NOTHING, Attached


@dataclass(frozen=True, slots=True)
class Message:
    """One rendered message to one recipient, ready to be handed over.

    `message_id` includes the angle brackets and never changes for a SubTask, however often it is
    handed over. `idempotency_key`, for providers that de-duplicate by one, names the hand-over: a
    repeat of one in doubt has the same, any other its own. `subtask_id` comes back in events; None
    for a message outside of any task.
    """

    message_id: str
    from_email: str
    to_email: str
    rendered: Rendered
    from_name: str = ""
    to_name: str = ""
    reply_to: str = ""
    return_path: str = ""
    """Where bounces go (the envelope's sender); "" for `from_email`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str = ""
    subtask_id: int | None = None
    attached: Attached = NOTHING

    @property
    def subject(self) -> str:
        return self.rendered.subject

    @property
    def html(self) -> str:
        return self.rendered.html

    @property
    def text(self) -> str:
        return self.rendered.text


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took responsibility for the message. `provider_message_id` is its own name for
    it, or "".
    """

    provider_message_id: str = ""
    code: int | None = None
    reply: str = ""
