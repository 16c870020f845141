"""No regular expression takes longer, by more than in proportion, for any text made to be slow."""

from __future__ import annotations

import pytest

from tests.security.regexes import GROWTH, Site, sites, slowest

ALL = sorted(set(sites()), key=lambda site: (site.where, str(site.pattern)))


@pytest.mark.parametrize("site", ALL, ids=lambda site: site.where)
def test_a_pattern_takes_time_in_proportion_to_the_text(site: Site) -> None:
    growth, text = slowest(site.pattern, site.flags, site.method)
    assert growth < GROWTH, f"{site}: {growth:.1f} times as long for four times {text}"


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (r"\s+$", "search"),
        (r"<[^>]*>", "search"),
        (r"(a|aa)+$", "match"),
        (r"\w*@", "search"),
        (r"a\s*b?\s*c", "match"),
        (r"x(?:[^{}]|\|)*}}", "search"),
        (rb"(\d+,?)+;", "match"),
    ],
)
def test_a_pattern_that_is_slow_is_found(pattern: str | bytes, method: str) -> None:
    try:
        growth, _ = slowest(pattern, 0, method)
    except Exception as error:
        assert "processor time" in str(error)
    else:
        assert growth > GROWTH
