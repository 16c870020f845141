"""The name of a message, by which it is known at every hand-over."""

from __future__ import annotations

from django.conf import settings
from django.test import override_settings
from django.utils.crypto import salted_hmac

from addressing.message_ids import message_id


def test_the_message_id_is_the_same_at_every_hand_over() -> None:
    key = settings.MESSAGE_ID_KEYS[0]
    mark = salted_hmac("dispatch.message_id", "4711", key).hexdigest()[:16]
    ids = {message_id(4711, "news.example.com") for _ in range(3)}
    assert ids == {f"<4711.{mark}@news.example.com>"}


def test_the_message_id_cannot_be_guessed_without_its_key() -> None:
    ours = message_id(4711, "news.example.com")
    with override_settings(MESSAGE_ID_KEYS=["another"]):
        assert message_id(4711, "news.example.com") != ours
    with override_settings(SECRET_KEY="another"):
        assert message_id(4711, "news.example.com") == ours
