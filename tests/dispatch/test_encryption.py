from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from dispatch.encryption import CredentialsError, decrypt, encrypt, rotate

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
VALUES = {"host": "smtp.example.com", "password": "pässword ✓", "port": 587}


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> None:
    settings.CREDENTIALS_KEYS = [OLD]


def test_what_was_encrypted_can_be_read() -> None:
    assert decrypt(encrypt(VALUES)) == VALUES


def test_nothing_readable_is_stored() -> None:
    assert "smtp" not in encrypt(VALUES)


def test_nothing_stored_means_no_values() -> None:
    assert decrypt("") == {}
    assert rotate("") == ""


def test_an_old_key_still_reads(settings: Settings) -> None:
    token = encrypt(VALUES)
    settings.CREDENTIALS_KEYS = [NEW, OLD]
    assert decrypt(token) == VALUES


def test_after_rotation_the_old_key_can_go(settings: Settings) -> None:
    token = encrypt(VALUES)
    settings.CREDENTIALS_KEYS = [NEW, OLD]
    rotated = rotate(token)
    settings.CREDENTIALS_KEYS = [NEW]
    assert decrypt(rotated) == VALUES


@pytest.mark.parametrize("token", ["nonsense", "ünlesbar", "gAAAAA=="])
def test_an_unreadable_value_says_what_to_do(token: str) -> None:
    for read in (decrypt, rotate):
        with pytest.raises(CredentialsError, match="CREDENTIALS_KEYS.*enter the") as caught:
            read(token)
        assert caught.value.needs_person


def test_a_lost_key_says_what_to_do(settings: Settings) -> None:
    token = encrypt(VALUES)
    settings.CREDENTIALS_KEYS = [NEW]
    with pytest.raises(CredentialsError, match="CREDENTIALS_KEYS"):
        decrypt(token)


@pytest.mark.parametrize("keys", [[], ["short"]])
def test_without_a_key_the_fix_is_named(keys: list[str], settings: Settings) -> None:
    settings.CREDENTIALS_KEYS = keys
    with pytest.raises(CredentialsError, match="generate_key"):
        encrypt(VALUES)
