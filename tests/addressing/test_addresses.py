from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from addressing.addresses import AddressError, clean_address, normalise


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("  ann@example.com\t", "ann@example.com"),
        ("\u00a0ann@example.com\u200b", "ann@example.com"),
        ("\ufeffann@example.com", "ann@example.com"),
        ("First.Last+Tag@Example.COM", "first.last+tag@example.com"),
        ("ann@sub.example.com", "ann@sub.example.com"),
        ("ann@mail.test", "ann@mail.test"),
        ("Ann@BÜCHER.test", "ann@xn--bcher-kva.test"),
        ("ann@XN--BCHER-KVA.test", "ann@xn--bcher-kva.test"),
        ("用户@例子.test", "用户@xn--fsqu00a.test"),
        ("E\u0301milie@example.com", "émilie@example.com"),
        ("o'neil@example.com", "o'neil@example.com"),
    ],
)
def test_an_address_has_one_stored_form(given: str, stored: str) -> None:
    assert normalise(given) == stored


@pytest.mark.parametrize("given", ["Ann@BÜCHER.test", "ann@mail.test", "用户@例子.test"])
def test_the_stored_form_is_its_own_stored_form(given: str) -> None:
    assert normalise(normalise(given)) == normalise(given)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", "no address"),
        (" \u200b ", "no address"),
        ("not-an-email", "@-sign"),
        ("@example.com", "before the @-sign"),
        ("ann@", "after the @-sign"),
        ("a@b", "period"),
        ("two@@example.com", "one @ alone"),
        ("user name@example.com", "a space before the @"),
        ("ann@-bad.com", "hyphen"),
        ("ann@example.com\r\nBcc: x@example.com", "line break"),
        ("ann\0@example.com", "control character"),
        ("ann@localhost", "period|special-use"),
        ("a" * 65 + "@example.com", "too long"),
        ("a" * 60 + "@" + ".".join(["b" * 60] * 4) + ".test", "too long"),
        ("a@" + ".".join(["ü" * 50] * 5) + ".test", "too long|longer than 254"),
        ("Ann <ann@example.com>", "“>” after the @|display name|angle"),
    ],
)
def test_a_bad_address_is_refused_with_its_reason(given: str, reason: str) -> None:
    with pytest.raises(AddressError, match=reason):
        normalise(given)


def test_a_form_gets_a_validation_error_instead() -> None:
    with pytest.raises(ValidationError, match="no address"):
        clean_address(" ")
