"""Brands: how messages in blocks look, also those that were saved before."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaigns.blocks import renewing
from campaigns.models import Brand, Operation, OperationState, Template, TemplateFormat
from campaigns.operations import running
from tests.campaigns.admin.staff import MANAGER, address, member, page_of, signed_in, texts
from tests.campaigns.blocks.making import FOOTER, message
from tests.factories import ContentFactory, TemplateFactory

pytestmark = pytest.mark.django_db
ADD = address("campaigns.brand", "add")


@pytest.fixture
def user() -> User:
    return member(MANAGER)


@pytest.fixture
def client(user: User) -> Client:
    return signed_in(user)


def posted(**values: str) -> dict[str, str]:
    return {
        "name": "Acme",
        "logo_width": "160",
        "background_colour": "#f4f4f5",
        "body_colour": "#ffffff",
        "text_colour": "#222222",
        "link_colour": "#1a5fb4",
        "button_colour": "#1a5fb4",
        "button_text_colour": "#ffffff",
        "font": "Arial, Helvetica, sans-serif",
        **values,
    }


def in_blocks(owner: User) -> Template:
    return TemplateFactory(owner=owner, format=TemplateFormat.BLOCKS, blocks=message(FOOTER))


def test_saving_a_brand_makes_its_owners_templates_in_blocks_anew(
    client: Client, user: User
) -> None:
    own, foreign, plain = in_blocks(user), in_blocks(member(MANAGER)), TemplateFactory(owner=user)
    assert client.post(ADD, posted(body_colour="#fefefe")).status_code == 302
    for template in (own, foreign, plain):
        template.refresh_from_db()
    assert "#fefefe" in own.html
    assert "#fefefe" not in foreign.html and "#fefefe" not in plain.html


def test_what_was_launched_stays_as_it_is(client: Client, user: User) -> None:
    content = ContentFactory(task__owner=user, template=in_blocks(user))
    before = content.html
    client.post(ADD, posted(body_colour="#fefefe"))
    content.refresh_from_db()
    assert content.html == before


def test_many_templates_are_made_anew_by_the_cluster(
    client: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewing, "AT_ONCE", 2)
    monkeypatch.setattr(renewing, "PIECE", 2)
    made = [in_blocks(user) for _ in range(3)]
    page = page_of(client.post(ADD, posted(body_colour="#fefefe"), follow=True))
    assert "How far it is" in page
    operation = Operation.objects.get()
    running.run(operation.pk)
    operation.refresh_from_db()
    assert (operation.state, operation.done) == (OperationState.DONE, 3)
    keys = [each.pk for each in made]
    assert Template.objects.filter(pk__in=keys, html__contains="#fefefe").count() == 3
    told = page_of(client.get(address("campaigns.operation", "change", operation.pk)))
    assert "3 templates made anew." in told


def test_a_template_that_cannot_be_compiled_stays_and_is_named(client: Client, user: User) -> None:
    broken = TemplateFactory(
        owner=user, name="Old", format=TemplateFormat.BLOCKS, blocks={"version": 9}
    )
    response = client.post(ADD, posted(), follow=True)
    assert "“Old”" in texts(response)
    assert Template.objects.get(pk=broken.pk).html == broken.html


def test_colours_that_cannot_be_read_are_warned_of(client: Client) -> None:
    response = client.post(ADD, posted(text_colour="#999999"), follow=True)
    assert "Text on the message: the contrast is 2.8 to 1." in texts(response)
    assert Brand.objects.exists()


@pytest.mark.parametrize("colour", ["red", "#12345", "#1234567", '#fff"><script>', "url(x)"])
def test_a_colour_is_six_hexadecimal_digits(client: Client, colour: str) -> None:
    page = page_of(client.post(ADD, posted(link_colour=colour)))
    assert '"><script>' not in page
    assert not Brand.objects.exists()


def test_an_owner_has_one_brand(client: Client, user: User) -> None:
    Brand.objects.create(owner=user)
    assert "has a brand already" in page_of(client.post(ADD, posted()))
    assert Brand.objects.count() == 1


def test_the_logo_may_be_chosen_from_the_owners_pictures(client: Client) -> None:
    page = client.get(ADD).content.decode()
    assert 'data-into="id_logo_url" data-alt="id_logo_alt" data-width="id_logo_width"' in page
