from __future__ import annotations

import pytest
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import override


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_digits_of_numbers_stand_by_three_in_both_languages(language: str) -> None:
    with override(language):
        assert intcomma(1234567) == "1,234,567"
