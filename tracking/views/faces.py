"""Whom the pages of a message's links are from."""

from __future__ import annotations

from campaigns.brands import face
from campaigns.brands.face import Face
from tracking import subscriptions
from tracking.subscriptions import Subscriber


def of_subscriber(person: Subscriber) -> Face:
    """The sender that the message was from, in the look of its owner as it is now."""
    return face.of_owner(person.owner_id, person.sender, person.postal_address)


def of_message(subtask_id: int) -> Face:
    """That of no one known, once the message is gone or its recipient erased."""
    person = subscriptions.subscriber(subtask_id)
    return of_subscriber(person) if person else Face()
