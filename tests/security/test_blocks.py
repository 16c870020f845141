"""Blocks as an enemy posts them: foreign keys, scripts, hostile JSON. A message, and no error of
ours."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaigns.blocks.kinds import KINDS, Input
from campaigns.models import Brand, SavedBlock, Template, TemplateFormat
from tests.campaigns.admin.blocks.posting import ADD, change, form, heading
from tests.campaigns.admin.staff import (
    CONFIRM,
    MANAGER,
    VIEWER,
    address,
    member,
    page_of,
    signed_in,
)
from tests.campaigns.blocks.making import FOOTER, message
from tests.factories import TemplateFactory

pytestmark = pytest.mark.django_db
SCRIPT = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"
STEPS = (
    "add", "add:", "add:nonsense", "add:text:x:0", "add:columns:a1:0", "up", "up:", "up:x",
    "down:\x00", "copy:x", "remove:x", "undo", "item:a1", "unitem:a1:9", "unitem:a1:²", "insert",
    "insert:0", "insert:99999999999999999999", "insert:x", "keep:", "keep:x", "keep:a1", "\ud7ff", ":",
)  # fmt: skip
ORDERS: dict[str, Any] = {
    "nonsense": ["", "x", "a1", "A B", "a1  heading", "a1 heading x", "a1 heading b2 9"],
    "twice": ["a1 heading", "a1 heading"],
    "in nothing": ["a1 text zz 0"],
    "in itself": ["a1 text a1 0"],
    "in a heading": ["a1 heading", "b2 text a1 0"],
    "unknown kinds": ["a1 nonsense"],
    "columns in columns": ["a1 columns", "b2 columns a1 0", "c3 text b2 0"],
    "very many": [f"a{number} divider" for number in range(900)],
}
CARRIED: dict[str, str] = {
    "no JSON": "{",
    "a number": "5",
    "deep": "[" * 5_000 + "]" * 5_000,
    "deep within a block": '{"version": 1, "blocks": [{"id": "a", "kind": "text", "text": ' + "[" * 400 + "]" * 400 + "}]}",
    "long": '{"version": 1, "blocks": [{"id": "a", "kind": "text", "text": "' + "x" * 900_000 + '"}]}',
    "a surrogate": '{"version": 1, "blocks": [{"id": "a", "kind": "\\ud800", "text": "\\ud800"}]}',
    "a null": '{"version": 1, "blocks": [{"id": "a", "kind": "heading", "text": "\\u0000"}]}',
    "odd types": '{"version": 1, "blocks": [{"id": 5}, [], null, {"id": "a", "kind": []}]}',
    "odd columns": '{"version": 1, "blocks": [{"id": "a", "kind": "columns", "columns": 5}]}',
    "odd values": '{"version": 1, "blocks": [{"id": "a", "kind": "products", "items": 5, "text": {}}]}',
    "odd items": '{"version": 1, "blocks": [{"id": "a", "kind": "social", "items": [5, null]}]}',
    "infinity": '{"version": 1, "blocks": [{"id": "a", "kind": "spacer", "height": Infinity}]}',
}  # fmt: skip


@pytest.fixture
def user() -> User:
    return member(MANAGER)


@pytest.fixture
def client(user: User) -> Client:
    client = signed_in(user)
    client.raise_request_exception = False
    return client


@pytest.fixture
def strangers(user: User) -> Template:
    """A template in blocks of another owner."""
    return TemplateFactory(format=TemplateFormat.BLOCKS, blocks=message(FOOTER))


@pytest.mark.parametrize("step", STEPS)
def test_an_odd_button_is_no_error(client: Client, step: str) -> None:
    posted = form(heading("a1"), _do=step, b__removed='{"block": {"id": "a1"}, "place": [5]}')
    assert client.post(ADD, posted).status_code in (200, 302)
    assert not Template.objects.exists()


@pytest.mark.parametrize("order", ORDERS)
def test_an_odd_order_is_shown_again_or_refused(client: Client, order: str) -> None:
    posted = {**form(), "b__order": ORDERS[order]}
    assert client.post(ADD, {**posted, "_do": "show"}).status_code == 200
    assert client.post(ADD, {**posted, "_do": "add:text"}).status_code == 200


@pytest.mark.parametrize("carried", CARRIED)
def test_odd_json_that_a_page_carried_is_shown_again_or_refused(
    client: Client, carried: str
) -> None:
    posted = {"name": "x", "subject": "y", "blocks": CARRIED[carried]}
    for button in ("_preview", "_edit", "_save"):
        assert client.post(ADD, {**posted, button: ""}).status_code == 200
    assert not Template.objects.exists()


@pytest.mark.parametrize("carried", CARRIED)
def test_odd_json_of_a_removed_block_brings_nothing_back(client: Client, carried: str) -> None:
    posted = form(heading("a1"), b__removed=CARRIED[carried], _do="undo")
    assert page_of(client.post(ADD, posted)).count('name="b__order" value="a1 heading"') == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_script_in_every_field_is_shown_as_text_or_refused(client: Client, kind: str) -> None:
    values: dict[str, str] = {}
    for each in KINDS[kind].fields:
        names = [f"items-0-{inner.name}" for inner in each.of] or [each.name]
        values |= {} if each.input is Input.COLUMNS else dict.fromkeys(names, SCRIPT)
    values |= {"attribute_asked": SCRIPT, "is": SCRIPT, "value": SCRIPT, "keep_name": SCRIPT}
    for more in ({}, {"_do": "show"}, {"_do": "copy:a1"}, {"_do": "remove:a1"}, {"_do": "keep:a1"}):
        page = page_of(client.post(ADD, form(("a1", kind, values), **more)))
        assert "<script>alert" not in page and "<img src=x" not in page


def test_a_script_in_a_text_is_text_in_the_message(client: Client) -> None:
    text = ("a1", "text", {"text": SCRIPT, "align": "left"})
    assert client.post(ADD, form(text, heading("b2", SCRIPT))).status_code == 302
    html = Template.objects.get().html
    assert "<script" not in html and "onerror=alert(1)&gt;" in html


def test_a_strangers_template_is_not_there(client: Client, strangers: Template) -> None:
    base = change(strangers.pk).removesuffix("change/")
    for url in (change(strangers.pk), f"{base}to-mjml/", f"{base}to-html/"):
        assert client.get(url).status_code in (302, 404)
        for posted in (form(heading()), form(heading(), _do="keep:h1"), CONFIRM):
            assert client.post(url, posted).status_code in (302, 404)
    before = strangers.blocks
    strangers.refresh_from_db()
    assert (strangers.format, strangers.blocks) == (TemplateFormat.BLOCKS, before)
    assert not SavedBlock.objects.exists()


def test_a_strangers_saved_block_is_not_inserted(client: Client) -> None:
    block = {"id": "s", "kind": "heading", "text": "Their words"}
    saved = SavedBlock.objects.create(owner=member(MANAGER), name="Theirs", block=block)
    page = page_of(client.post(ADD, form(_do=f"insert:{saved.pk}")))
    assert "Their words" not in page and "Theirs" not in page


def test_a_strangers_brand_and_saved_block_are_not_there(client: Client) -> None:
    stranger = member(MANAGER)
    brand = Brand.objects.create(owner=stranger, name="Theirs")
    saved = SavedBlock.objects.create(owner=stranger, name="Theirs", block={"kind": "divider"})
    for model, row in (("campaigns.brand", brand), ("campaigns.savedblock", saved)):
        assert "Theirs" not in page_of(client.get(address(model, "changelist")))
        assert client.post(address(model, "change", row.pk), {"name": "Mine"}).status_code in (
            302,
            404,
        )
        row.refresh_from_db()
        assert row.name == "Theirs"


def test_a_viewer_writes_keeps_and_converts_nothing(user: User) -> None:
    viewer = member(VIEWER)
    template = TemplateFactory(owner=viewer, format=TemplateFormat.BLOCKS, blocks=message(FOOTER))
    client = signed_in(viewer)
    base = change(template.pk).removesuffix("change/")
    assert client.get(change(template.pk)).status_code == 200
    for url, posted in (
        (ADD, form(heading())),
        (ADD, form(heading("a1"), _do="keep:a1")),
        (change(template.pk), form(heading())),
        (change(template.pk), form(heading("a1"), _do="keep:a1")),
        (f"{base}to-mjml/", CONFIRM),
    ):
        assert client.post(url, posted).status_code in (302, 403)
    template.refresh_from_db()
    assert template.format == TemplateFormat.BLOCKS
    assert not SavedBlock.objects.exists() and Template.objects.count() == 1


def test_a_page_is_not_converted_by_opening_it(client: Client, user: User) -> None:
    template = TemplateFactory(owner=user, format=TemplateFormat.BLOCKS, blocks=message(FOOTER))
    base = change(template.pk).removesuffix("change/")
    assert "Convert" in page_of(client.get(f"{base}to-html/?confirmed=yes"))
    template.refresh_from_db()
    assert template.format == TemplateFormat.BLOCKS
