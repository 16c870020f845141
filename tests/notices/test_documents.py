"""What the documents tell receivers of webhooks."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from notices import webhooks, wording
from notices.models import PERSONAL, Kind
from tests.docs.pages import ROOT, text_of

TEXT = text_of(ROOT / "docs/how-to/be-told-what-happens.md")


def test_every_kind_is_listed_with_its_type() -> None:
    """The label, which the document may go on from."""
    rows = re.findall(r"^\| (.+?) \| `([\w.]+)` \|", TEXT, re.M)
    kinds = [kind for kind in Kind if kind not in PERSONAL]
    assert [type_ for _, type_ in rows] == [wording.TYPES[kind] for kind in kinds]
    assert all(row.startswith(str(kind.label)) for (row, _), kind in zip(rows, kinds, strict=True))


@pytest.mark.parametrize(
    ("body", "age", "ours"), [(b"{}", 0, True), (b"{ }", 0, False), (b"{}", 301, False)]
)
def test_the_receiver_that_is_shown_knows_what_is_ours(body: bytes, age: int, ours: bool) -> None:
    [code] = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    shown: dict[str, Any] = {}
    exec(code, shown)
    at = int(time.time()) - age
    signature = webhooks.sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_1", at, b"{}")
    headers = {
        "webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signature
    }  # fmt: skip
    assert shown["is_ours"]("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", headers, body) is ours
