from __future__ import annotations

import pytest
from pytest_django import Settings

from edm_project.environment import new_fernet_key
from tracking.links.tokens import Purpose, read, sign

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("ids", [(1,), (2**48 - 1,), (7, 0), (12_345_678, 9)])
def test_a_token_says_what_was_signed(purpose: Purpose, ids: tuple[int, ...]) -> None:
    assert read(purpose, sign(purpose, *ids), ids=len(ids)) == ids


def test_a_token_is_short() -> None:
    assert len(sign(Purpose.OPEN, 10**12)) == 24
    assert len(sign(Purpose.CLICK, 10**12, 10**12)) == 32


@pytest.mark.parametrize("made_for", Purpose)
@pytest.mark.parametrize("used_for", Purpose)
def test_a_token_is_of_use_for_its_own_purpose_only(made_for: Purpose, used_for: Purpose) -> None:
    assert (read(used_for, sign(made_for, 7)) is not None) == (made_for == used_for)


@pytest.mark.parametrize("position", range(24))
def test_a_token_with_any_character_changed_is_none(position: int) -> None:
    token = sign(Purpose.UNSUBSCRIBE, 7)
    others = [c for c in ALPHABET if c != token[position]]
    changed = [token[:position] + other + token[position + 1 :] for other in others]
    assert [t for t in changed if read(Purpose.UNSUBSCRIBE, t)] == []


@pytest.mark.parametrize(
    "token", ["", "A", "A" * 23, "A" * 24, "A" * 25, "é" * 24, "+/" * 12, "=" * 24, "A" * 10_000]
)
def test_what_was_not_signed_is_no_token(token: str) -> None:
    assert read(Purpose.OPEN, token) is None


@pytest.mark.parametrize("around", ["{} ", " {}", "{}\n", "{}=", "{}\x00"])
def test_a_token_with_something_around_it_is_none(around: str) -> None:
    assert read(Purpose.OPEN, around.format(sign(Purpose.OPEN, 7))) is None


@pytest.mark.parametrize("after", [".", ",", ").", "”", "。", "）、", "'>"])
def test_what_was_copied_along_after_a_token_is_ignored_and_before_it_is_not(after: str) -> None:
    token = sign(Purpose.UNSUBSCRIBE, 7)
    assert read(Purpose.UNSUBSCRIBE, token + after) == (7,)
    assert read(Purpose.UNSUBSCRIBE, after + token) is None


def test_a_token_of_two_ids_is_none_of_one() -> None:
    assert read(Purpose.CLICK, sign(Purpose.CLICK, 7, 8)) is None
    assert read(Purpose.CLICK, sign(Purpose.CLICK, 7), ids=2) is None


def test_tokens_of_an_older_key_are_accepted_while_it_is_listed(settings: Settings) -> None:
    old, new = new_fernet_key(), new_fernet_key()
    settings.TRACKING_KEYS = [old]
    token = sign(Purpose.OPEN, 7)

    settings.TRACKING_KEYS = [new, old]
    assert read(Purpose.OPEN, token) == (7,)
    assert sign(Purpose.OPEN, 7) != token

    settings.TRACKING_KEYS = [new]
    assert read(Purpose.OPEN, token) is None


def test_tokens_of_neighbours_have_nothing_in_common_but_the_id() -> None:
    first, second = sign(Purpose.OPEN, 1), sign(Purpose.OPEN, 2)
    assert first[8:] != second[8:]
