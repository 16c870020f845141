from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from campaigns.models import Attribute, Launch
from campaigns.segments.sentence import say
from tests.factories import SegmentFactory, TagFactory, TaskFactory, UserFactory

pytestmark = pytest.mark.django_db


def line(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def of(*lines: Any, match: str = "all") -> dict[str, Any]:
    return {"match": match, "lines": list(lines)}


def test_a_condition_is_said_as_one_sentence() -> None:
    owner = UserFactory()
    tag = TagFactory(owner=owner, name="VIP")
    Attribute.objects.create(owner=owner, key="plan", label="Plan")
    condition = of(
        line("tag", "has", tag.pk),
        line("opened", "did", {"days": 30}),
        of(line("attribute:plan", "is", "free"), match="none"),
    )
    assert say(owner.pk, condition).sentence == (
        "has the tag “VIP” and opened any message in the last 30 days, but not (Plan is “free”)"
    )


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (line("created", "last_days", 1), "Created is in the last day"),
        (line("created", "on", "2026-05-01"), "Created is on 1 May 2026"),
        (line("sent", "did", {"times": 3}), "was sent at least 3 messages"),
        (line("sent", "did_not", {}), "was not sent any message"),
        (
            line("clicked", "did", {"link": "https://a.test/", "by": "anyone"}),
            "clicked the link https://a.test/ in any message "
            "(counting what people or machines did)",
        ),
        (
            line("part", "is", {"part": 1, "of": 2, "seed": "x"}),
            "is in part 1 of 2 of a random split",
        ),
        (line("mail_consent", "is", "given"), "Consent to mail is “Agreed”"),
        (line("no_such", "is"), "[no_such: There is no such field. Choose one.]"),
        (line("tag", "has", 10**9), "has the tag (gone)"),
        (of(line("tag", "any"), line("name", "set"), match="any"), "(has any tag or Name is filled in)"),
    ],
)  # fmt: skip
def test_a_line_is_said_in_words(asked: dict[str, Any], sentence: str) -> None:
    assert say(UserFactory().pk, of(asked)).sentence == sentence


@pytest.mark.parametrize(
    ("kind", "operator", "sentence"),
    [
        ("yes_no", "yes", "VIP is yes"),
        ("date", "today", "VIP is today"),
        ("date", "birthday_week", "VIP is a birthday this week"),
    ],
)
def test_a_line_that_takes_no_value_ends_without_a_blank(
    kind: str, operator: str, sentence: str
) -> None:
    owner = UserFactory()
    Attribute.objects.create(owner=owner, key="vip", label="VIP", kind=kind)
    assert say(owner.pk, of(line("attribute:vip", operator))).sentence == sentence


def test_the_name_of_what_another_owner_has_is_not_said() -> None:
    secret = SegmentFactory(name="secret")
    sentence = say(UserFactory().pk, of(line("segment", "in", secret.pk))).sentence
    assert sentence == "is in the segment (gone)"


def launched(**values: Any) -> Any:
    task = TaskFactory(**values)
    Launch.objects.create(task=task, inserted=1_000, agreed=40)
    return task


@pytest.mark.parametrize(("need", "recorded"), [(True, "40"), (False, "1,000")])
def test_how_far_opens_can_be_known_is_said(need: bool, recorded: str) -> None:
    task = launched(name="Spring", track_opens=True)
    launched(owner=task.owner, track_opens=False)
    with override_settings(OPENS_NEED_CONSENT=need):
        campaign = {"campaign": task.pk}
        (note,) = say(task.owner_id, of(line("opened", "did_not", campaign))).notes
        (of_all,) = say(task.owner_id, of(line("opened", "did_not", {}))).notes
    assert note.endswith(
        f"Of the campaign “Spring”, opens are recorded for {recorded} of 1,000 messages."
    )
    assert of_all.endswith(
        f"Of all campaigns, opens are recorded for {recorded} of 2,000 messages."
    )
