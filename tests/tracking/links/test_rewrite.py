"""What a launch makes of the links of a template, above all of the newsletter, link by link."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from campaigns.launching import frozen_content
from campaigns.models import Content, SubTask, TaskTemplate
from campaigns.rendering import content
from campaigns.rendering.content import TemplateError
from tests.factories import SenderFactory, TaskFactory
from tests.texts import group
from tests.tracking.making import from_launch, frozen, rendered
from tracking.links import destinations, personalise
from tracking.links.rewrite import PIXEL, TRAP
from tracking.links.tokens import Purpose, read
from tracking.models import Link

pytestmark = pytest.mark.django_db

NEWSLETTER = (Path(__file__).parents[2] / "data" / "newsletter.html").read_text("utf-8")
FOLLOWED = {
    "Outlook only": "https://example.com/outlook?x=1&y=2",
    "See the offers": "https://shop.example.com/spring?utm_source=mail&utm_campaign=s%20pring"
    "&who=ann+o'neil&co@example.com#top",
    "中文链接": "https://shop.example.com/产品?颜色=红",
    "upper": "HTTPS://EXAMPLE.COM/UPPER",
    "space": "https://example.com/space",
    "protocol-relative": "https://cdn.example.com/x",
}
LEFT_ALONE = {
    "mail": "mailto:hi@example.com?subject=Hi",
    "call": "tel:+15551234",
    "top": "#top",
    "never": "javascript:alert(1)",
}
ANN: dict[str, Any] = {
    "email": "ann+o'neil&co@example.com",
    "first_name": "Ann",
    "company": "A & B",
}


def links(html: str) -> dict[str, str]:
    """The href of each link, as a browser or Outlook reads it, by the text of the link."""
    found: dict[str, str] = {}

    class Reader(HTMLParser):
        href = ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.href = dict(attrs).get("href") or "" if tag == "a" else self.href

        def handle_data(self, data: str) -> None:
            if self.href:
                found[data] = self.href
                self.href = ""

        def handle_endtag(self, tag: str) -> None:
            self.href = ""

        def handle_comment(self, data: str) -> None:
            Reader().feed(re.sub(r"^\[if [^]]*\]>|<!\[endif\]$", "", data))

    Reader().feed(html)
    return found


def destination(url: str, subtask: SubTask) -> str | None:
    ids = read(Purpose.CLICK, url.rpartition("/")[2], ids=2)
    assert ids is not None and ids[0] == subtask.pk
    link = destinations.link(ids[1])
    return link and destinations.resolve(link, subtask.pk)


@pytest.fixture
def newsletter() -> Content:
    return frozen(NEWSLETTER)


@pytest.mark.parametrize(("label", "leads_to"), FOLLOWED.items())
def test_each_link_of_the_newsletter_leads_through_us_to_where_it_led(
    newsletter: Content, label: str, leads_to: str
) -> None:
    subtask = from_launch(newsletter, variables=ANN)
    html = rendered(newsletter, subtask.pk, **ANN).html

    assert destination(links(html)[label], subtask) == leads_to


@pytest.mark.parametrize(("label", "href"), LEFT_ALONE.items())
def test_links_that_lead_to_no_page_stay_as_they_are(
    newsletter: Content, label: str, href: str
) -> None:
    assert links(rendered(newsletter).html)[label] == href


@pytest.mark.parametrize(
    ("label", "purpose"),
    [("Unsubscribe", Purpose.UNSUBSCRIBE), ("View in browser", Purpose.WEB_VIEW)],
)
def test_the_newsletters_own_links_are_the_recipients(
    newsletter: Content, label: str, purpose: Purpose
) -> None:
    url = links(rendered(newsletter, 4711).html)[label]
    assert read(purpose, url.rpartition("/")[2]) == (4711,)


def test_the_newsletter_has_no_other_links(newsletter: Content) -> None:
    known = {*FOLLOWED, *LEFT_ALONE, "Unsubscribe", "View in browser"}
    assert set(links(rendered(newsletter).html)) == known
    assert Link.objects.count() == len(FOLLOWED)


def without_hrefs(html: str) -> str:
    return re.sub(r"""href=(["']).*?\1""", r"href=\1\1", html)


def test_every_byte_outside_the_hrefs_stays(newsletter: Content) -> None:
    compiled = content.compile_html(NEWSLETTER)
    assert without_hrefs(newsletter.html.replace(TRAP, "")) == without_hrefs(compiled)


def test_the_plain_text_shows_where_links_lead_and_is_not_followed(newsletter: Content) -> None:
    text = rendered(newsletter, **ANN).text
    assert "See the offers (https://shop.example.com/spring?utm_source=mail&utm_campaign" in text
    assert "/c/" not in text


def test_nothing_is_followed_when_the_task_does_not_record_clicks() -> None:
    made = frozen(NEWSLETTER, track_clicks=False)
    assert made.html == content.compile_html(NEWSLETTER)
    assert not Link.objects.exists()


@pytest.mark.parametrize(
    "html",
    [
        # What comes out depends on more than the recipient's variables.
        '{% for p in products %}<a href="https://a/{{ p.slug }}">x</a>{% endfor %}',
        '{% assign code = name %}<a href="https://a/{{ code }}">x</a>',
        '{% capture code %}{{ name }}{% endcapture %}<a href="https://a/{{ code }}">x</a>',
        "<a href=\"https://a/{{ 'now' | date: '%s' }}\">x</a>",
        '<a href="https://a/{{ now }}">x</a>',
        '<a href="https://a/{% if name %}b{% endif %}">x</a>',
        '<a href="https://a/?back={{ unsubscribe_url }}">x</a>',
        # Where it leads is up to the recipient's values.
        '<a href="{{ url }}">x</a>',
        '<a href="https://{{ host }}/">x</a>',
        '<a href="https://a{{ rest }}">x</a>',
        # A placeholder would be shown as it is.
        '{% raw %}<a href="https://a/">x</a>{% endraw %}',
    ],
)
def test_a_link_that_cannot_be_led_through_us_safely_stays_as_it_is(html: str) -> None:
    made = frozen(f"{html}<a href='{{{{ unsubscribe_url }}}}'>out</a>")
    assert made.html == f"{html}<a href='{{{{ unsubscribe_url }}}}'>out</a>"
    assert made.link_ids == []


def test_a_variable_that_is_a_loops_elsewhere_only_may_be_part_of_a_link() -> None:
    made = frozen(
        '<a href="https://a/{{ p }}">x</a>{% for p in ps %}<a href="https://b/{{ p }}">{{ p }}</a>{% endfor %}'
    )
    assert [link.destination for link in Link.objects.all()] == ["https://a/{{ p }}"]
    assert "https://b/{{ p }}" in made.html


def test_a_link_in_a_loop_is_one_link() -> None:
    made = frozen('{% for n in (1..3) %}<a href="https://a/">x</a>{% endfor %}')
    assert rendered(made).html.count("/c/") == 3 + 1  # the hidden one, too
    assert Link.objects.count() == 1


def test_the_same_address_twice_is_two_links() -> None:
    made = frozen('<a href="https://a/">x</a><a href="https://a/">y</a>')
    assert len(set(made.link_ids)) == 2


def test_an_unquoted_href_gets_quotes() -> None:
    made = frozen("<a href=https://a/ id=b>x</a>")
    assert '<a href="{{ edm_link_0 }}" id=b>x</a>' in made.html


def test_placeholders_of_an_author_reach_only_the_links_of_this_message() -> None:
    made = frozen('{{ edm_link_0 }} {{ edm_link_999 }} <a href="https://a/">x</a>')
    other = frozen('<a href="https://b/">x</a>')
    html = rendered(made).html
    tokens = re.findall(r"/c/([\w-]+)", html)
    read_ids = [read(Purpose.CLICK, token, ids=2) for token in tokens]
    ids = {found[1] for found in read_ids if found}
    assert ids
    assert not ids & set(other.link_ids)


def test_no_attribute_of_a_contact_takes_the_place_of_a_link() -> None:
    made = frozen('<a href="https://a/">x</a><a href="{{ unsubscribe_url }}">out</a>')
    evil: dict[str, Any] = dict.fromkeys(
        ["edm_link_0", "unsubscribe_url", "web_view_url", "edm_open_url"], "https://evil/"
    )
    assert "evil" not in rendered(made, **evil).html


def test_values_are_escaped_once_in_the_address_that_is_led_to() -> None:
    made = frozen('<a href="https://a/?q={{ q }}&amp;r=1">x</a>')
    subtask = from_launch(made, variables={"q": "<b>&amp; \"c\" 'd'"})
    url = links(rendered(made, subtask.pk).html)["x"]
    assert destination(url, subtask) == "https://a/?q=<b>&amp; \"c\" 'd'&r=1"


@pytest.mark.parametrize(
    "value", ["//evil.example", "@evil.example", "\\evil.example", "../..", "\r\nLocation: x"]
)
def test_no_value_changes_the_site_of_a_personal_link(value: str) -> None:
    made = frozen('<a href="https://a.example/{{ path }}">x</a>')
    subtask = from_launch(made, variables={"path": value})
    url = links(rendered(made, subtask.pk).html)["x"]
    assert (destination(url, subtask) or "").startswith("https://a.example/")


def read_token(url: str) -> tuple[int, ...] | None:
    return read(Purpose.UNSUBSCRIBE, url.rpartition("/")[2])


class TestWhatIsPutUnderTheMessage:
    def test_has_the_postal_address_of_who_the_variant_is_from(self) -> None:
        task = TaskFactory(sender__postal_address="Main Ltd")
        choice = TaskTemplate.objects.get(task=task)
        choice.sender = SenderFactory(owner=task.owner, postal_address="Branch Ltd")
        made = frozen_content.freeze(task, choice)
        assert "Branch Ltd" in made.html and "Branch Ltd" in made.text
        assert "Main Ltd" not in made.html + made.text

    def test_a_template_without_a_way_out_gets_one_with_the_senders_address(self) -> None:
        made = frozen("<p>Hi</p>", postal_address="Example Ltd\n1 Sample St {{ x }} <b>")
        html, text = rendered(made, 4711).html, rendered(made, 4711).text
        assert read_token(links(html)["Unsubscribe"]) == (4711,)
        assert "Example Ltd<br>1 Sample St &#123;&#123; x }} &lt;b&gt;<br>" in html
        assert "Example Ltd\n1 Sample St {{ x }} <b>\n" in text
        assert read_token(text.rpartition("/")[2].strip()) == (4711,)

    def test_it_comes_before_the_end_of_the_body(self) -> None:
        made = frozen("<html><body><p>Hi</p></body></html>")
        assert made.html.startswith("<html><body><p>Hi</p><div ")
        assert made.html.endswith("</div></body></html>")

    def test_a_body_that_ends_in_a_comment_is_not_the_end(self) -> None:
        made = frozen("<body><p>Hi</p></body><!-- </body> -->")
        assert made.html.endswith("</div></body><!-- </body> -->")

    def test_it_is_there_for_everybody_when_the_body_ends_in_a_condition(self) -> None:
        made = frozen("<body>Hi{% if vip %}!</body>{% else %}.</body>{% endif %}")
        assert "Unsubscribe" in rendered(made, vip=True).html
        assert "Unsubscribe" in rendered(made).html

    @pytest.mark.parametrize("block", ["raw", "comment"])
    def test_it_is_shown_when_the_body_ends_where_liquid_is_not_read(self, block: str) -> None:
        made = frozen(f"<body>Hi{{% {block} %}}</body>{{% end{block} %}}")
        assert read_token(links(rendered(made, 7).html)["Unsubscribe"]) == (7,)

    def test_a_way_out_for_some_only_is_none(self) -> None:
        made = frozen('{% if vip %}<a href="{{ unsubscribe_url }}">out</a>{% endif %}Hi')
        assert "Unsubscribe" in rendered(made).html

    def test_a_way_out_in_a_comment_is_none(self) -> None:
        made = frozen('<!--[if mso]><a href="{{ unsubscribe_url }}">out</a><![endif]-->Hi')
        assert "Unsubscribe" in rendered(made).html

    @pytest.mark.parametrize(
        "href",
        [
            "https://shop.test/?to={{ unsubscribe_url | url_encode }}",
            "mailto:out@shop.test?subject={{ unsubscribe_url }}",
            "{{ unsubscribe_url | upcase }}",
        ],
    )
    def test_a_link_that_only_mentions_it_is_none(self, href: str) -> None:
        html = rendered(frozen(f'<a href="{href}">out</a>'), 7).html
        assert read_token(links(html)["Unsubscribe"]) == (7,)

    @pytest.mark.parametrize(
        "around", [("{% if vip %}", "{% endif %}"), ("{% raw %}", "{% endraw %}")]
    )
    def test_a_plain_text_with_a_way_out_for_some_only_gets_one(
        self, around: tuple[str, ...]
    ) -> None:
        made = frozen("Hi", text="{{ unsubscribe_url }}".join(around))
        assert "/u/" in rendered(made, 7).text

    @pytest.mark.parametrize(
        "output",
        [
            "{{ unsubscribe_url }}",
            "{{unsubscribe_url|escape}}",
            "{{- unsubscribe_url | default: '#' }}",
        ],
    )
    def test_a_way_out_of_the_templates_own_is_enough(self, output: str) -> None:
        made = frozen(f'<a href="{output}">out</a>', text="Hi {{ unsubscribe_url }}")
        assert made.html == f'<a href="{output}">out</a>'
        assert made.text == "Hi {{ unsubscribe_url }}"

    def test_a_plain_text_of_ones_own_gets_its_own_way_out(self) -> None:
        made = frozen('<a href="{{ unsubscribe_url }}">out</a>', text="Hi")
        assert made.text.startswith("Hi\n\n")
        assert made.text.rstrip().endswith("{{ unsubscribe_url }}")

    @pytest.mark.parametrize(
        ("language", "label"),
        [("de", "Abmelden"), ("zh-CN", "退订"), ("DE-at", "Abmelden"), ("tlh", "Unsubscribe")],
    )
    def test_it_speaks_the_language_of_the_page(self, language: str, label: str) -> None:
        made = frozen(f'<html lang="{language}"><body>Hi</body></html>')
        assert label in made.html and label in made.text


class TestTheOpenPixel:
    HTML = '<a href="{{ unsubscribe_url }}">out</a>'

    def test_is_off_unless_the_task_records_opens(self) -> None:
        assert frozen(self.HTML).html == self.HTML

    def test_is_there_for_whoever_agreed(self) -> None:
        made = frozen(self.HTML, track_opens=True)
        assert made.html == self.HTML + PIXEL
        token = group(r'src="[^"]*/o/([\w-]+)"', rendered(made, 7, tracking_consent=True).html)
        assert read(Purpose.OPEN, token) == (7,)

    @pytest.mark.parametrize("consent", [False, None, "yes", 1, "true"])
    def test_is_not_there_for_anybody_else(self, consent: bool | int | str | None) -> None:
        made = frozen(self.HTML, track_opens=True)
        assert "<img" not in rendered(made, tracking_consent=consent).html
        assert "<img" not in rendered(made).html

    def test_needs_no_consent_where_the_law_does_not_ask_for_it(self, settings: Settings) -> None:
        settings.OPENS_NEED_CONSENT = False
        assert "/o/" in rendered(frozen(self.HTML, track_opens=True)).html


def test_a_template_that_cannot_take_placeholders_is_refused_at_the_launch() -> None:
    with pytest.raises(TemplateError, match="HTML: longer than 1,000,000 characters"):
        frozen('<a href="https://limit.example/">'.ljust(1_000_000, "x"))


def test_links_and_headers_are_those_of_one_recipient() -> None:
    made = frozen('<a href="https://a/">x</a>')
    first, second = (personalise.links(pk, made, {}) for pk in (1, 2))
    assert not {v for v in first.values() if v} & set(second.values())
