"""Tables of rules: the first that fits decides."""

from __future__ import annotations

from typing import Any

import pytest

from dispatch.errors import (
    DeliveryError,
    MessageError,
    OutcomeUnknown,
    RecipientError,
    ServiceError,
)
from dispatch.providers import PROVIDERS, bounces
from dispatch.providers.classification import Blame, Reply, Rule, first_match
from dispatch.providers.http import refusals
from dispatch.providers.http.transport import ADVICE, HttpProvider
from dispatch.providers.smtp import replies

FRUIT = (
    Rule("apple", "550", r"5\.1\.1", "green"),
    Rule("pear", "55.", text=r"gr(ee|e)n"),
    Rule("plum", enhanced="", phases={"data"}),
    Rule("none"),
)
TABLES: dict[str, tuple[Rule[Any], ...]] = {
    "SMTP replies": replies.RULES,
    "HTTP refusals": refusals.GENERAL,
    "bounces": bounces.RULES,
    "advice": ADVICE,
}
OWN_RULES = [
    (provider.name, rule)
    for provider in PROVIDERS
    if isinstance(provider, HttpProvider)
    for rule in provider.refusals
]


@pytest.mark.parametrize(
    ("reply", "fruit"),
    [
        (Reply("green", "550", "5.1.1"), "apple"),
        (Reply("It is Green.", "550", "5.1.1"), "apple"),
        (Reply("green", "550", "5.1.10"), "pear"),
        (Reply("green", "5501", "5.1.1"), "none"),
        (Reply("red", "550", "5.1.1"), "none"),
        (Reply("red", phase="data"), "plum"),
        (Reply("red", phase="rcpt"), "none"),
        (Reply("red", enhanced="5.1.1", phase="data"), "none"),
        (Reply(""), "none"),
    ],
)
def test_the_first_rule_that_fits_decides(reply: Reply, fruit: str) -> None:
    assert first_match(FRUIT, reply) == fruit


def test_a_text_in_two_lines_fits_only_a_pattern_that_says_so() -> None:
    rules = (Rule("whole", text="(?s)sender.*unknown"), Rule("line", text="sender.*unknown"))
    assert first_match(rules, Reply("sender\nunknown")) == "whole"
    assert not rules[1].fits(Reply("sender\nunknown"))


@pytest.mark.parametrize("table", TABLES)
def test_every_table_ends_with_a_rule_for_all_that_is_left(table: str) -> None:
    assert TABLES[table][-1].fits(Reply("", "999", "9.9.9", "elsewhere"))


@pytest.mark.parametrize(("provider", "rule"), OWN_RULES)
def test_a_provider_leaves_most_answers_to_the_general_rules(
    provider: str, rule: Rule[Blame]
) -> None:
    assert not rule.fits(Reply("", "500")), provider


@pytest.mark.parametrize(
    ("blame", "kind", "told"),
    [
        (Blame.PERSON, ServiceError, {"needs_person": True, "retry_after_seconds": 9.0}),
        (Blame.SERVICE, ServiceError, {"needs_person": False, "retry_after_seconds": 9.0}),
        (Blame.RECIPIENT, RecipientError, {"permanent": False, "hard_bounce": False}),
        (Blame.REFUSED, RecipientError, {"permanent": True, "hard_bounce": False}),
        (Blame.BOUNCE, RecipientError, {"permanent": True, "hard_bounce": True}),
        (Blame.MESSAGE, MessageError, {}),
        (Blame.UNKNOWN, OutcomeUnknown, {}),
    ],
)
def test_whom_a_reply_blames_makes_the_error(
    blame: Blame, kind: type[DeliveryError], told: dict[str, object]
) -> None:
    error = blame.error("No.", code=550, enhanced="5.1.1", retry_after_seconds=9.0)
    said = {"reply": "No.", "code": 550, "enhanced": "5.1.1"}
    assert type(error) is kind
    assert vars(error) == said | told
