from __future__ import annotations

import mailbox
from pathlib import Path

import pytest
from pytest_django import Settings

from dispatch.errors import MessageError, ServiceError
from dispatch.providers import get_provider
from dispatch.providers.base import Transport
from tests.dispatch.providers.samples import a_message, at_once


@pytest.fixture
def transport(settings: Settings, tmp_path: Path) -> Transport:
    settings.DEBUG = True
    settings.VAR_DIR = tmp_path
    return get_provider("maildir").transport({"folder": "outbox"})


def test_each_message_becomes_a_file(transport: Transport, tmp_path: Path) -> None:
    for number in range(3):
        transport.send(a_message(to_email=f"p{number}@example.org"), at_once)
    box = mailbox.Maildir(tmp_path / "maildir" / "outbox", create=False)
    assert sorted(str(message["To"]) for message in box) == [
        f"Ann <p{number}@example.org>" for number in range(3)
    ]
    box.close()


def test_nothing_is_written_when_debug_is_off(
    transport: Transport, settings: Settings, tmp_path: Path
) -> None:
    settings.DEBUG = False
    with pytest.raises(ServiceError) as caught:
        transport.send(a_message(), at_once)
    assert caught.value.needs_person
    assert not (tmp_path / "maildir").exists()


def test_a_folder_outside_is_refused(transport: Transport) -> None:
    with pytest.raises(ServiceError) as caught:
        get_provider("maildir").transport({"folder": "../../etc"}).open()
    assert caught.value.needs_person


def test_a_message_that_cannot_be_encoded_is_refused(transport: Transport) -> None:
    with pytest.raises(MessageError):
        transport.send(a_message(to_email="no address"), at_once)


def test_a_disk_that_cannot_be_written_blames_the_service(
    transport: Transport, tmp_path: Path
) -> None:
    (tmp_path / "maildir").write_text("in the way")
    with pytest.raises(ServiceError):
        transport.open()
