"""What staff write for the headers of messages."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from tests.factories import SenderFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("end", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", " \t"])
def test_a_line_end_that_came_with_a_pasted_name_is_a_blank(end: str) -> None:
    sender = SenderFactory()
    sender.display_name = f"Ada{end}of Garden & Co{end}"
    sender.full_clean()
    assert sender.display_name == "Ada of Garden & Co"


@pytest.mark.parametrize("end", ["\n", "\r", "\x00"])
def test_a_name_of_several_lines_is_refused(end: str) -> None:
    sender = SenderFactory()
    sender.display_name = f"Ada{end}Bcc: bob@example.com"
    with pytest.raises(ValidationError, match="Enter one line of text"):
        sender.full_clean()
