"""What addressing.reasons relies upon in email-validator: its sentences."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

import pytest
from django.utils.translation import override
from email_validator import syntax, validate_email

from addressing.addresses import AddressError, normalise
from addressing.library import NORMALISED
from addressing.reasons import UNKNOWN, in_plain_words


def sentences() -> Iterator[str]:
    """Each that the library raises, with a value in each of its places."""
    for module in (syntax, inspect.getmodule(validate_email)):
        assert module is not None
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "EmailSyntaxError":
                yield said(node.args[0])


def said(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.BinOp):
        return said(node.left) + said(node.right)
    if isinstance(node, ast.JoinedStr):
        return "".join(map(said, node.values))
    return "SPACE"


def test_every_sentence_of_the_library_is_known() -> None:
    told = [each for each in sentences() if each not in ("SPACE", NORMALISED + "SPACE")]
    assert len(told) > 40
    assert [each for each in told if in_plain_words(each) == UNKNOWN] == []


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("nobody", "邮箱地址必须包含 @。"),
        ("a..b@example.com", "邮箱地址不能有两个连续的点。"),
        ("ada lovelace@example.com", "邮箱地址的 @ 之前不能有空格。"),
        ("ada@example", "@ 之后的部分无效，应包含一个点。"),
        ("Ada <ada@example.com>", "邮箱地址外面不能有姓名或尖括号。"),
        ("ada@[127.0.0.1]", "@ 之后必须是域名，不能是方括号中的数字地址。"),
        ("a" * 65 + "@example.com", "@ 之前的部分太长。"),
    ],
)
def test_staff_read_the_reason_in_chinese(address: str, reason: str) -> None:
    with override("zh-hans"), pytest.raises(AddressError) as caught:
        normalise(address)
    assert str(caught.value) == reason
