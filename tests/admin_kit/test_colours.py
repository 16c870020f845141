"""Labels keep their colours in every language."""

from __future__ import annotations

import pytest
from django.utils import translation

from admin_kit.typed import Colours
from campaigns.models import OperationState

COLOURS = Colours({OperationState.DONE.label: "success", OperationState.FAILED.label: "danger"})


@pytest.mark.parametrize(("language", "text"), [("en", "Done"), ("zh-hans", "已完成")])
def test_a_label_has_its_colour_in_the_language_of_the_request(language: str, text: str) -> None:
    with translation.override(language):
        assert text in COLOURS
        assert COLOURS[text] == "success"


def test_a_text_of_another_language_has_none() -> None:
    with translation.override("en"):
        assert "已完成" not in COLOURS
        with pytest.raises(KeyError):
            COLOURS["已完成"]
