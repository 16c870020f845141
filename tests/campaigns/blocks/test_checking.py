"""What blocks may say: each refusal names the block and the field, and nothing is dropped."""

from __future__ import annotations

import json
from typing import Any

import pytest

from campaigns.blocks import work
from campaigns.blocks.kinds import MAX_BLOCKS
from campaigns.blocks.problems import BlocksError, Problem
from tests.campaigns.blocks.making import OF_EACH_KIND, message


def problems(raw: object) -> list[Problem]:
    with pytest.raises(BlocksError) as caught:
        work.checked(raw)
    return caught.value.problems


def problem(**block: Any) -> Problem:
    (found,) = problems(message(block))
    return found


def test_what_is_checked_again_stays_the_same() -> None:
    once = work.checked(message(*OF_EACH_KIND))
    assert work.checked(json.loads(json.dumps(once))) == once


def test_what_is_not_said_is_the_default() -> None:
    (block,) = work.checked(message({"kind": "spacer"}))["blocks"]
    assert block == {"id": "b0", "kind": "spacer", "height": 24}


@pytest.mark.parametrize(
    "raw",
    [
        None, [], "", 5, {}, {"version": 1}, {"version": 1, "blocks": {}}, {"version": 1, "blocks": []},
        {"version": 2, "blocks": [{"id": "a", "kind": "divider"}]},
        {"version": 1, "blocks": [{"id": "a", "kind": "divider"}], "more": 1},
        {"version": 1, "blocks": [5]}, {"version": 1, "blocks": [[]]},
        {"version": 1, "blocks": [{"kind": "divider"}]},
        {"version": 1, "blocks": [{"id": "A B", "kind": "divider"}]},
        {"version": 1, "blocks": [{"id": "a", "kind": "divider"}, {"id": "a", "kind": "spacer"}]},
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused_as_a_whole(raw: object) -> None:
    assert {(each.block, each.field) for each in problems(raw)} == {("", "")}


def test_an_unknown_kind_is_refused_by_its_name() -> None:
    assert "“poll”" in problem(kind="poll").message


def test_an_unknown_field_is_refused_by_its_name() -> None:
    assert problem(kind="divider", html="<b>").message == "“Line” has no field “html”."


def test_a_message_has_a_largest_number_of_blocks_also_in_columns() -> None:
    inner = [{"id": f"i{number}", "kind": "divider"} for number in range(MAX_BLOCKS)]
    assert "at most" in problem(kind="columns", columns=[inner, []]).message


def test_columns_stand_in_no_column() -> None:
    inner = {"id": "in", "kind": "columns", "columns": [[], []]}
    found = problems(message({"kind": "columns", "columns": [[inner], []]}))
    assert found == [Problem("in", "", "A block of the kind “Columns” cannot stand in a column.")]


@pytest.mark.parametrize("number", [1, 4])
def test_there_are_two_or_three_columns(number: int) -> None:
    found = problems(message({"kind": "columns", "columns": [[]] * number}))
    assert found[0].field == "columns"


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)", " JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,x",
        "vbscript:x", "//example.com", "/path", "example.com", "https://", "ftp://example.com",
        'https://example.com/"onclick="x', "https://example.com/a b", "https://example.com/<x>",
        "{{ 'javascript:alert(1)' }}", '{{ x | default: "javascript:alert(1)" }}',
        "{% if a %}https://example.com{% endif %}", "https://example.com/{{ a", "#top", "{{}",
    ],
)  # fmt: skip
def test_a_link_that_is_none_is_refused_wherever_it_stands(link: str) -> None:
    assert problem(kind="button", text="x", link=link).field == "link"
    assert problem(kind="image", image=link, alt="x").field == "image"
    items = [{"name": "x", "link": link}]
    assert problem(kind="social", items=items).field == "items-0-link"


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "//example.com"])
def test_a_link_of_a_text_is_checked_too(link: str) -> None:
    assert "The link to" in problem(kind="text", text=f"[x]({link})").message


@pytest.mark.parametrize(
    "link", ["https://example.com/ü?a=1#b", "mailto:ada@example.com", "tel:+4930", "{{ shop_url }}"]
)
def test_these_links_are_fine(link: str) -> None:
    (block,) = work.checked(message({"kind": "button", "text": "x", "link": link}))["blocks"]
    assert block["link"] == link


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{% if x %}a{% endif %}", "Shown to"),
        ("{{ name", "no “}}” ends"),
        ("{% x", "no “}}” ends"),
        ("{{ name | nonsense }}", "nonsense"),
        ("{{ name | }}", "name"),
        ("{{ '<script>' }}", "comes out as text"),
        ("{{ name | safe }}", "comes out as text"),
        ("{{ name | default: '<b>' }}", "comes out as text"),
        ("a\x00b", "characters"),
        ("a\ud800b", "characters"),
    ],
)
@pytest.mark.parametrize("kind", ["text", "heading", "quote"])
def test_liquid_that_is_no_variable_is_refused_with_a_sentence(
    kind: str, text: str, said: str
) -> None:
    found = problem(kind=kind, text=text)
    assert found.field == "text"
    assert said in found.message


@pytest.mark.parametrize(
    "condition",
    [
        "x", [], {}, {"attribute": "plan"}, {"attribute": "plan", "is": "near"},
        {"attribute": "plan", "is": []}, {"attribute": "a b", "is": "filled"},
        {"attribute": "x %}{% raw", "is": "filled"}, {"attribute": "tags", "is": "filled"},
        {"attribute": "unsubscribe_url", "is": "filled"}, {"attribute": "edm_link_0", "is": "filled"},
        {"attribute": "true", "is": "filled"}, {"attribute": 5, "is": "filled"},
        {"attribute": "plan", "is": "equal"}, {"attribute": "plan", "is": "equal", "value": ""},
        {"attribute": "plan", "is": "equal", "value": "a %} b"},
        {"attribute": "plan", "is": "equal", "value": "\"'"},
        {"attribute": "plan", "is": "equal", "value": "a\nb"},
        {"attribute": "plan", "is": "equal", "value": "a\ud800"},
        {"attribute": "plan", "is": "equal", "value": ["a"]},
        {"attribute": "plan", "is": "equal", "value": "a" * 201},
        {"attribute": "plan", "is": "equal", "value": float("nan")},
        {"attribute": "plan", "is": "equal", "value": 10**30},
        {"attribute": "plan", "is": "filled", "more": 1},
    ],
)  # fmt: skip
def test_a_condition_that_is_none_is_refused_at_its_place(condition: object) -> None:
    assert problem(kind="divider", shown_if=condition).field == "shown_if"


@pytest.mark.parametrize("name", ["plan", "颜色", "größe_2", "name", "email"])
def test_attributes_have_letters_of_any_alphabet(name: str) -> None:
    condition = {"attribute": name, "is": "filled"}
    raw = message({"kind": "divider", "shown_if": condition})
    assert work.checked(raw)["blocks"][0]["shown_if"] == condition


@pytest.mark.parametrize("number", [3, 301, -1, "24", 24.0, True, None, [], 10**30])
def test_a_number_is_one_within_its_bounds(number: object) -> None:
    assert problem(kind="spacer", height=number).field == "height"


@pytest.mark.parametrize("value", [5, None, [], {}, True])
@pytest.mark.parametrize("field", ["text", "link"])
def test_a_text_is_a_text(field: str, value: object) -> None:
    block = {"kind": "button", "text": "x", "link": "https://example.com", field: value}
    assert problem(**block).field == field


@pytest.mark.parametrize("value", ["", "   ", "\n"])
def test_what_must_be_there_is_asked_for(value: str) -> None:
    assert problem(kind="heading", text=value).message == "Write something here."


@pytest.mark.parametrize(("kind", "most"), [("heading", 500), ("text", 10_000)])
def test_a_text_has_a_greatest_length(kind: str, most: int) -> None:
    assert "at most" in problem(kind=kind, text="a" * (most + 1)).message


def test_a_picture_says_what_it_shows_or_that_it_decorates() -> None:
    picture = {"kind": "image", "image": "https://example.com/a.png"}
    assert problem(**picture).field == "alt"
    checked = work.checked(message({**picture, "is_decoration": True}))
    assert checked["blocks"][0]["is_decoration"] is True


@pytest.mark.parametrize(
    "items", [[5], [{"title": "x", "html": "x"}], {}, "x", [{"title": "x"}] * 31]
)
def test_items_are_items(items: object) -> None:
    assert problem(kind="products", items=items).field == "items"


@pytest.mark.parametrize("kind", [5, None, [], {}, "x" * 10_000, "\ud800"])
def test_an_odd_kind_is_refused(kind: object) -> None:
    assert problem(kind=kind).message.encode("utf-8", "replace")


def test_all_problems_are_told_at_once() -> None:
    found = problems(message({"kind": "heading"}, {"kind": "button"}))
    assert [(each.block, each.field) for each in found] == [
        ("b0", "text"), ("b1", "text"), ("b1", "link"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["[" * 10_000, "*" * 10_000, "- " * 5_000, "[a](" * 2_500, "**a" * 3_333, "\n- a" * 2_500, "\\" * 9_999],
)  # fmt: skip
def test_odd_markup_is_read_within_its_limits(text: str) -> None:
    (block,) = work.checked(message({"kind": "text", "text": text}))["blocks"]
    assert block["text"] == text
