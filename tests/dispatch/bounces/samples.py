"""Real formats of what arrives in a bounce mailbox, about a message of ours."""

from __future__ import annotations

from pathlib import Path

from addressing.message_ids import message_id
from dispatch.bounces import return_path
from dispatch.bounces.understanding import Told, understand
from tracking.events.incoming import Incoming

FOLDER = Path(__file__).parents[2] / "data" / "bounces"
NAMES = sorted(path.stem for path in FOLDER.glob("*.eml"))
DOMAIN = "bounce.north.example.com"
RECIPIENT = "ada@receiver.example"
SOMEBODY = "bounces@bounce.north.example.com"
"""A return path that tells nothing."""

ANOTHER_MESSAGE = "<20260203.1@elsewhere.example>"


def sample(
    name: str,
    subtask_id: int = 7,
    *,
    path: str | None = None,
    message: str | None = None,
    recipient: str = RECIPIENT,
) -> bytes:
    """The file with the return path and the Message-ID of this SubTask, or with others."""
    values = {
        "RETURN_PATH": path or return_path.address(subtask_id, DOMAIN),
        "MESSAGE_ID": message or message_id(subtask_id, "north.example.com"),
        "RECIPIENT": recipient,
    }
    text = (FOLDER / f"{name}.eml").read_text("utf-8")
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text.encode("utf-8")


def told(raw: bytes) -> Incoming:
    """The event that a letter tells of."""
    meaning = understand(raw)
    assert isinstance(meaning, Told)
    return meaning.event
