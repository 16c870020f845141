"""The editor of blocks: what its buttons do, what is saved, and what is said at its place."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaigns.models import Attribute, Brand, SavedBlock, Template, TemplateFormat
from tests.campaigns.admin.blocks.posting import ADD, change, footer, form, heading
from tests.campaigns.admin.staff import MANAGER, member, page_of, signed_in
from tests.factories import SenderFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return member(MANAGER)


@pytest.fixture
def client(user: User) -> Client:
    return signed_in(user)


def stored(template: Template) -> list[Any]:
    blocks: dict[str, Any] = template.blocks or {}
    return list(blocks["blocks"])


def order(page: str) -> list[str]:
    """The kinds of the blocks on a page, in their order."""
    return re.findall(r'name="b__order" value="\w+ (\w+)', page)


def save(client: Client, *blocks: object, **others: object) -> Template:
    page = client.post(ADD, form(*blocks, **others))  # type: ignore[arg-type]  # as they come
    assert page.status_code == 302, page.content.decode()
    return Template.objects.get()


def test_a_new_message_begins_with_a_palette_of_all_kinds(client: Client) -> None:
    page = page_of(client.get(ADD))
    assert 'value="add:header"' in page and 'value="add:mjml"' in page
    assert "The message has no block yet." in page


def test_what_is_saved_are_the_blocks_and_the_html_made_of_them(client: Client) -> None:
    template = save(client, heading(text='Hi {{ first_name | default: "you" }}'), footer())
    assert template.format == TemplateFormat.BLOCKS
    assert [each["kind"] for each in stored(template)] == ["heading", "footer"]
    assert 'Hi {{ first_name | default: "you" }}' in template.html
    assert "{{ unsubscribe_url }}" in template.html
    assert "edm-block" not in template.html


def test_what_was_saved_is_shown_and_saved_again_unchanged(client: Client) -> None:
    template = save(client, heading(), footer())
    before = stored(template)
    page = page_of(client.get(change(template.pk)))
    assert order(page) == ["heading", "footer"]
    blocks = [(b["id"], b["kind"], b) for b in before]
    posted = {k: "" if v is None else v for k, v in form(*blocks).items()}
    assert client.post(change(template.pk), posted).status_code == 302
    template.refresh_from_db()
    assert stored(template) == before


def test_a_block_is_added_before_the_footer(client: Client) -> None:
    page = page_of(client.post(ADD, form(heading(), footer(), _do="add:text")))
    assert order(page) == ["heading", "text", "footer"]
    assert not Template.objects.exists()


def test_a_new_footer_has_the_address_of_the_owners_sender(client: Client, user: User) -> None:
    SenderFactory(owner=user, postal_address="5 Kew Road")
    assert "5 Kew Road" in page_of(client.post(ADD, form(_do="add:footer")))


def test_blocks_move_up_and_down_and_the_focus_goes_with_them(client: Client) -> None:
    blocks = (
        heading("a1"),
        ("b2", "divider", {"thickness": "1"}),
        ("c3", "spacer", {"height": "9"}),
    )
    page = page_of(client.post(ADD, form(*blocks, _do="up:c3")))
    assert order(page) == ["heading", "spacer", "divider"]
    assert re.search(r'id="up_c3"[^>]* autofocus', page)
    page = page_of(client.post(ADD, form(*blocks, _do="down:a1")))
    assert order(page) == ["divider", "heading", "spacer"]


def test_a_block_is_duplicated_with_an_id_of_its_own(client: Client) -> None:
    page = page_of(client.post(ADD, form(heading("a1", "Twice"), _do="copy:a1")))
    assert order(page) == ["heading", "heading"]
    assert len(set(re.findall(r'name="b__order" value="(\w+)', page))) == 2
    assert page.count('value="Twice"') == 2


def test_a_removed_block_can_be_brought_back_to_its_place(client: Client) -> None:
    blocks = (heading("a1", "Gone"), ("b2", "divider", {"thickness": "1"}))
    page = page_of(client.post(ADD, form(*blocks, _do="remove:a1")))
    assert order(page) == ["divider"]
    found = re.search(r'name="b__removed" value="([^"]*)"', page)
    assert found
    removed = found[1].replace("&quot;", '"')
    page = page_of(client.post(ADD, form(blocks[1], b__removed=removed, _do="undo")))
    assert order(page) == ["heading", "divider"]
    assert 'value="Gone"' in page


def test_blocks_are_put_into_columns_and_stay_when_there_are_fewer(client: Client) -> None:
    columns = ("c1", "columns", {"columns": "3"})
    page = page_of(client.post(ADD, form(columns, _do="add:text:c1:2")))
    found = re.search(r'value="(\w+) text c1 2"', page)
    assert found
    inner = (found[1], "text c1 2", {"text": "inside", "align": "left"})
    template = save(client, ("c1", "columns", {"columns": "2"}), inner)
    (block,) = stored(template)
    assert [[b["text"] for b in column] for column in block["columns"]] == [[], ["inside"]]


def test_items_are_added_and_removed(client: Client) -> None:
    links = {"items-0-name": "A", "items-0-link": "https://example.com", "align": "left"}
    page = page_of(client.post(ADD, form(("s1", "social", links), _do="item:s1")))
    assert 'name="b-s1__items-1-name"' in page
    more = {**links, "items-1-name": "B", "items-1-link": "https://example.com/b"}
    page = page_of(client.post(ADD, form(("s1", "social", more), _do="unitem:s1:0")))
    assert 'value="B"' in page and 'value="A"' not in page


def test_what_is_wrong_is_said_at_the_field_and_what_was_typed_is_kept(client: Client) -> None:
    button = ("b1", "button", {"text": "Buy", "link": "javascript:alert(1)", "align": "left"})
    page = page_of(client.post(ADD, form(button)))
    assert re.search(r'name="b-b1__link" value="javascript:alert\(1\)"[^>]*aria-invalid', page)
    assert "Write an address that begins with https://" in page
    assert "It is not saved yet." in page
    assert not Template.objects.exists()


def test_wrong_mjml_is_said_at_its_block(client: Client) -> None:
    page = page_of(client.post(ADD, form(heading(), ("m1", "mjml", {"mjml": "<mj-nonsense/>"}))))
    assert re.search(r'name="b-m1__mjml"[^>]*aria-invalid', page)
    assert "mj-nonsense" in page


def test_a_condition_compares_with_the_type_of_the_attribute(client: Client, user: User) -> None:
    Attribute.objects.create(owner=user, key="points", kind="number")
    Attribute.objects.create(owner=user, key="vip", kind="yes_no")
    asked = {"attribute_asked": "points", "is": "equal", "value": "5"}
    template = save(
        client,
        heading("a1", **asked),
        heading("b1", **{**asked, "attribute_asked": "vip", "value": "yes"}),
    )
    found = [each["shown_if"]["value"] for each in stored(template)]
    assert found == [5, True]
    assert "{% if points == 5 %}" in template.html


def test_a_block_is_kept_and_put_into_another_message(client: Client, user: User) -> None:
    posted = form(heading("a1", "Again"), _do="keep:a1", **{"b-a1__keep_name": "Greeting"})
    page = page_of(client.post(ADD, posted))
    assert "“Greeting” is kept" in page
    saved = SavedBlock.objects.get(owner=user)
    page = page_of(client.post(ADD, form(_do=f"insert:{saved.pk}")))
    assert 'value="Again"' in page


def test_a_block_that_is_wrong_is_not_kept(client: Client) -> None:
    posted = form(heading("a1", ""), _do="keep:a1", **{"b-a1__keep_name": "x"})
    assert "The block is not kept." in page_of(client.post(ADD, posted))
    assert not SavedBlock.objects.exists()


def test_what_is_not_saved_is_previewed_and_written_on(client: Client) -> None:
    page = page_of(client.post(ADD, form(heading(text="Unsaved words"), footer(), _preview="")))
    assert "Unsaved words" in page
    found = re.search(r'name="blocks" value="([^"]*)"', page)
    assert found
    carried = found[1].replace("&quot;", '"')
    page = page_of(client.post(ADD, {"name": "x", "subject": "y", "blocks": carried, "_edit": ""}))
    assert order(page) == ["heading", "footer"]
    assert 'value="Unsaved words"' in page


def test_converting_asks_and_goes_one_way(client: Client) -> None:
    template = save(client, heading(), footer())
    url = f"{change(template.pk).removesuffix('change/')}to-mjml/"
    assert "never again in blocks" in page_of(client.get(url))
    assert client.post(url, {"confirmed": "yes"}).status_code == 302
    template.refresh_from_db()
    assert template.format == TemplateFormat.MJML
    assert template.mjml.startswith("<mjml>") and template.blocks is None
    page = page_of(client.post(url, {"confirmed": "yes"}, follow=True))
    assert "not written in blocks" in page


def test_converting_to_html_keeps_what_is_sent(client: Client) -> None:
    template = save(client, heading(), footer())
    url = f"{change(template.pk).removesuffix('change/')}to-html/"
    client.post(url, {"confirmed": "yes"})
    after = Template.objects.get()
    assert (after.format, after.html) == (TemplateFormat.HTML, template.html)


def test_a_message_has_the_look_of_its_owners_brand(client: Client, user: User) -> None:
    Brand.objects.create(owner=user, body_colour="#fefefe")
    assert "#fefefe" in save(client, heading()).html


@pytest.mark.parametrize(
    "unknown",
    [{"glow": "soft"}, {"shown_if": {"attribute": "vip", "is": "filled", "until": "2030"}}],
)
def test_what_the_form_does_not_know_is_not_lost_by_saving(
    client: Client, unknown: dict[str, Any]
) -> None:
    template = save(client, heading(text="Hi"), footer())
    blocks = template.blocks or {}
    blocks["blocks"][0] |= unknown
    Template.objects.update(blocks=blocks)
    page = page_of(client.post(change(template.pk), form(heading(text="Bye"), footer())))
    assert "which is not known here. Saving would lose that, so nothing is saved." in page
    assert Template.objects.get().blocks == blocks


def test_blocks_of_another_version_are_not_saved_over(client: Client) -> None:
    template = save(client, heading(text="Hi"), footer())
    blocks = {**(template.blocks or {}), "version": 2}
    Template.objects.update(blocks=blocks)
    page = page_of(client.post(change(template.pk), form(heading(text="Bye"), footer())))
    assert "They were written by another version of this program." in page
    assert Template.objects.get().blocks == blocks
