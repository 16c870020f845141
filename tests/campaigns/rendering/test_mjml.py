"""MJML becomes HTML, with the Liquid where it was."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.staticfiles import finders

from campaigns.rendering import content
from campaigns.rendering.content import TemplateError
from campaigns.rendering.liquid import environment


def html_of(body: str, head: str = "") -> str:
    head = f"<mj-head>{head}</mj-head>" if head else ""
    return content.compile_mjml(f"<mjml>{head}<mj-body>{body}</mj-body></mjml>")


def column(inside: str) -> str:
    return f"<mj-section><mj-column>{inside}</mj-column></mj-section>"


def rendered(html: str, **values: Any) -> str:
    return environment.parse(html, escape=True).render(**values)


def shown(html: str) -> list[str]:
    """The words of the body outside of tags and comments."""
    body = re.sub(r"<!--.*?-->", " ", html[html.index("<body") :], flags=re.DOTALL)
    return re.sub(r"<[^>]*>", " ", body).split()


def for_outlook(html: str) -> str:
    """What Outlook reads: conditional comments opened, those for others left out."""
    html = re.sub(r"<!--\[if !mso.*?\]><!-->.*?<!--<!\[endif\]-->", "", html, flags=re.DOTALL)
    return re.sub(r"<!--\[if [^\]]*\]>|<!\[endif\]-->", "", html)


def balance(html: str) -> dict[str, int]:
    """Of tags of tables, how many are opened and not closed."""
    names = ("table", "tr", "td", "div")
    return {
        name: len(re.findall(f"<{name}[ >]", html)) - html.count(f"</{name}>") for name in names
    }


EVEN = {"table": 0, "tr": 0, "td": 0, "div": 0}


class TestText:
    @pytest.mark.parametrize(
        "text",
        [
            "{{ name }}",
            '{{ name | default: "friend" }}',
            "{% if a < b %}less{% elsif a > b %}more{% endif %}",
            "{%- for item in items -%}<b>{{ item }}</b>{%- endfor -%}",
            "a<br>b&nbsp;c & d <p>unclosed",
            "<!--[if mso]>{{ outlook }}<![endif]-->",
            "{% raw %}{{ as it is }}{% endraw %}",
            "{% comment %} </mj-text> {% endcomment %}",
            "edmtoken0z",
        ],
    )
    def test_html_and_liquid_stay_as_written(self, text: str) -> None:
        assert f">{text}</div>" in html_of(column(f"<mj-text>{text}</mj-text>"))

    def test_raw_html_stays_as_written(self) -> None:
        raw = "<table><tr>{% for a in b %}<td>{{ a }}</td>{% endfor %}</tr></table>"
        assert raw in html_of(f"<mj-raw>{raw}</mj-raw>")

    def test_liquid_in_a_style_stays_as_written(self) -> None:
        style = ".a > b { color: {{ colour | default: 'red' }} }"
        assert f">{style}</style>" in html_of("", f"<mj-style>{style}</mj-style>")

    def test_a_title_with_quotes_breaks_no_attribute(self) -> None:
        html = html_of("", '<mj-title>The "best" of {{ year | append: "!" }}</mj-title>')
        assert '<title>The &quot;best&quot; of {{ year | append: "!" }}</title>' in html
        assert 'aria-label="The &quot;best&quot; of {{ year | append: "!" }}"' in html


class TestAttributes:
    @pytest.mark.parametrize(
        "value",
        [
            "{{ link }}",
            "https://example.com/?a=1&b={{ b | url_encode }}",
            '{{ link | default: "https://example.com/" }}',
            "{% if a < b %}https://a.example{% else %}https://b.example{% endif %}",
        ],
    )
    def test_liquid_in_a_link_stays_as_written(self, value: str) -> None:
        assert f'href="{value}"' in html_of(column(f'<mj-button href="{value}">x</mj-button>'))

    def test_liquid_in_a_colour_goes_where_the_colour_goes(self) -> None:
        html = html_of(column('<mj-text color="{{ colour }}">x</mj-text>'))
        assert "color:{{ colour }};" in html

    def test_liquid_in_a_default_is_used_by_the_elements(self) -> None:
        head = '<mj-attributes><mj-text color="{{ colour }}" /></mj-attributes>'
        assert "color:{{ colour }};" in html_of(column("<mj-text>x</mj-text>"), head)

    def test_quotes_and_marks_are_escaped(self) -> None:
        html = html_of(column("""<mj-image src="a.png" alt='5" < 6" & more' />"""))
        assert 'alt="5&quot; &lt; 6&quot; & more"' in html

    def test_the_address_of_a_font_is_the_same_in_css(self) -> None:
        href = "https://example.com/css?family=A&amp;display=swap"
        html = html_of(
            column('<mj-text font-family="A">x</mj-text>'), f'<mj-font name="A" href="{href}" />'
        )
        assert "@import url(https://example.com/css?family=A&display=swap);" in html


class TestBetween:
    """Liquid between elements repeats them and leaves them out, in every mail program."""

    SECTION = "<mj-section><mj-column><mj-text>{{ a }}</mj-text></mj-column></mj-section>"
    SOCIAL = (
        '<mj-social-element href="https://example.com/" src="x.png">{{ a }}</mj-social-element>'
    )
    ACCORDION = (
        "<mj-accordion-element><mj-accordion-title>{{ a }}</mj-accordion-title>"
        "<mj-accordion-text>.</mj-accordion-text></mj-accordion-element>"
    )
    PLACES = {
        "sections": ("{}", SECTION),
        "wrappers": ("{}", f"<mj-wrapper>{SECTION}</mj-wrapper>"),
        "sections of a wrapper": ("<mj-wrapper>{}</mj-wrapper>", SECTION),
        "columns": (
            "<mj-section>{}</mj-section>",
            "<mj-column><mj-text>{{ a }}</mj-text></mj-column>",
        ),
        "columns of a group": (
            "<mj-section><mj-group>{}</mj-group></mj-section>",
            '<mj-column width="50%"><mj-text>{{ a }}</mj-text></mj-column>',
        ),
        "texts": (column("{}"), "<mj-text>{{ a }}</mj-text>"),
        "buttons of a hero": ("<mj-hero>{}</mj-hero>", "<mj-button>{{ a }}</mj-button>"),
        "social elements": (column("<mj-social>{}</mj-social>"), SOCIAL),
        "vertical social elements": (
            column('<mj-social mode="vertical">{}</mj-social>'),
            SOCIAL,
        ),
        "links": (
            column("<mj-navbar>{}</mj-navbar>"),
            '<mj-navbar-link href="https://example.com/">{{ a }}</mj-navbar-link>',
        ),
        "accordion elements": (column("<mj-accordion>{}</mj-accordion>"), ACCORDION),
    }

    @pytest.mark.parametrize("place", PLACES)
    @pytest.mark.parametrize("values", [[], ["one"], ["one", "two", "three"]])
    def test_a_loop(self, place: str, values: list[str]) -> None:
        around, element = self.PLACES[place]
        html = html_of(around.replace("{}", f"{{% for a in list %}}\n{element}\n{{%- endfor -%}}"))
        made = rendered(html, list=values)
        assert [word for word in shown(made) if word != "."] == values
        assert balance(re.sub(r"<!--.*?-->", "", made, flags=re.DOTALL)) == EVEN
        assert balance(for_outlook(made)) == EVEN

    @pytest.mark.parametrize("place", PLACES)
    @pytest.mark.parametrize("first", [True, False])
    def test_one_of_two(self, place: str, first: bool) -> None:
        around, element = self.PLACES[place]
        one, two = element.replace("{{ a }}", "one"), element.replace("{{ a }}", "two")
        html = html_of(around.replace("{}", f"{{% if first %}}{one}{{% else %}}{two}{{% endif %}}"))
        made = rendered(html, first=first)
        assert [word for word in shown(made) if word != "."] == ["one" if first else "two"]
        assert balance(for_outlook(made)) == EVEN

    def test_columns_of_which_one_is_shown_have_its_width(self) -> None:
        body = (
            "<mj-section><mj-column /><mj-column />{% if a %}<mj-column />{% else %}"
            "<mj-column />{% endif %}</mj-section>"
        )
        html = html_of(body)
        assert set(re.findall(r"mj-column-per-(\d+)", html)) == {"33"}

    def test_columns_keep_the_width_they_have(self) -> None:
        body = '<mj-section>{% if a %}<mj-column width="40%" />{% else %}<mj-column width="70%" />{% endif %}</mj-section>'
        assert set(re.findall(r"mj-column-per-(\d+)", html_of(body))) == {"40", "70"}

    def test_a_variable_set_before_the_message_is_known_in_all_of_it(self) -> None:
        mjml = (
            "{% assign one = 'red' %}<mjml>{% assign two = 'blue' %}<mj-head>{% capture three %}"
            "green{% endcapture %}<mj-style>.a { color: {{ one }} }</mj-style></mj-head><mj-body>"
            f"{column('<mj-text>{{ two }} {{ three }}</mj-text>')}</mj-body></mjml>"
        )
        made = rendered(content.compile_mjml(mjml))
        assert ".a { color: red }" in made and shown(made) == ["blue", "green"]

    def test_raw_html_in_a_wrapper_is_seen_outside_of_outlook_too(self) -> None:
        html = html_of(f"<mj-wrapper><mj-raw><i>here</i></mj-raw>{self.SECTION}</mj-wrapper>")
        assert "here" in shown(html)

    def test_a_comment_between_elements_is_left_out(self) -> None:
        html = html_of(column("<!-- for {{ name }} alone --><mj-text>x</mj-text>"))
        assert "alone" not in html

    def test_a_conditional_comment_between_elements_is_kept(self) -> None:
        comment = "<!--[if mso]><p>{{ name }}</p><![endif]-->"
        assert comment in html_of(column(f"{comment}<mj-text>x</mj-text>"))

    def test_elements_in_a_liquid_comment_are_left_out(self) -> None:
        html = html_of("{% comment %}<mj-section><mj-nothing>{% endcomment %}")
        assert shown(html) == []


WRONG = {
    "an unknown element": ("<mj-txt>a</mj-txt>", "<mj-txt> is no element of MJML; did you mean “mj-text”?"),
    "an unknown attribute": (
        '<mj-text colour="red">a</mj-text>', "<mj-text> has no attribute “colour”; did you mean “color”?",
    ),
    "an element in the wrong place": ("<mj-section />", "<mj-section> cannot stand in <mj-column>"),
    "an element in text": ("<mj-text><mj-button /></mj-text>", "<mj-button> cannot stand in <mj-text>"),
    "text between elements": ("hello", "the text “hello” stands between elements"),
    "an output between elements": ("{{ name }}", "“{{ name }}” stands between elements"),
    "an element that is not closed": ("<mj-text>a", "<mj-text> is not closed before </mj-column>"),
    "an end of nothing": ("</mj-text>", "</mj-text> closes nothing"),
    "a value without quotes": ("<mj-text color=red>a</mj-text>", "with quotes"),
    "an attribute without a value": ("<mj-text color>a</mj-text>", "the attribute “color” has no value"),
    "an attribute twice": ('<mj-text color="a" color="b" />', "an attribute twice"),
    "a quote that does not end": ('<mj-text color="red>a</mj-text>', "a quote or “>” is missing"),
    "Liquid among attributes": (
        '<mj-text {% if a %}color="red"{% endif %} />', "Liquid stands in a tag, outside of a value",
    ),
    "Liquid that tears a text": (
        "<mj-text>{% if a %}</mj-text><mj-text>{% endif %}</mj-text>",
        "“{% if a %}” opens a block that does not end in <mj-text>",
    ),
    "Liquid that tears a column": (
        "{% if a %}</mj-column><mj-column>{% endif %}",
        "“{% if a %}” opens a block that does not end in <mj-column>",
    ),
    "Liquid in a calculated width": (
        '<mj-image width="{{ w }}px" src="x" />', "MJML calculates with “width” of <mj-image>",
    ),
    "Liquid in a choice of layout": (
        '<mj-social mode="{{ m }}" />', "MJML needs “mode” when the template is saved",
    ),
    "Liquid that counts": ('<mj-image src="{% cycle \'a\', \'b\' %}" />', "{% cycle %} would count on"),
    "Liquid among images of a carousel": (
        "<mj-carousel>{% if a %}<mj-carousel-image />{% endif %}</mj-carousel>",
        "“{% if a %}” cannot stand between what is in <mj-carousel>",
    ),
    "a captured element": ("{% capture a %}<mj-text />{% endcapture %}", "which are not compiled there"),
    "an unknown filter": ("<mj-text>{{ a | shout }}</mj-text>", "unknown filter 'shout'"),
    "a file": ('<mj-include path="other.mjml" />', "no other file is read"),
}  # fmt: skip


class TestErrors:
    @pytest.mark.parametrize("wrong", WRONG)
    def test_what_is_wrong_is_named_with_its_line(self, wrong: str) -> None:
        body, expected = WRONG[wrong]
        with pytest.raises(TemplateError) as found:
            html_of(column("\n  <mj-spacer />\n" + body), "<mj-title>\n\n</mj-title>")
        assert expected in str(found.value)
        assert str(found.value).startswith("MJML, line 5")
        assert (found.value.part, found.value.line) == ("mjml", 5)

    def test_the_column_counts_characters(self) -> None:
        with pytest.raises(TemplateError, match="^MJML, line 1, column 69: <mj-text> has no"):
            html_of(column('<mj-text>é</mj-text><mj-text x="" />').replace("é", "éé"), "")

    @pytest.mark.parametrize(
        ("mjml", "expected"),
        [
            ("hello", "the text “hello” stands between elements"),
            ("<mj-body></mj-body>", "<mj-body> stands outside of <mjml>"),
            ("<mjml></mjml>", "there is no <mj-body>"),
            ("<mjml><mj-body /><mj-body /></mjml>", "there is a second <mj-body>"),
            ("<mjml><mj-body /></mjml><mjml><mj-body /></mjml>", "there is something behind </mjml>"),
            ("<!doctype html><mjml><mj-body /></mjml>", "no document type"),
            ("{% if a %}<mjml><mj-body>{% endif %}</mj-body></mjml>", "does not end in"),
            ("<mjml><mj-head>{% if a %}<mj-title />{% endif %}</mj-head><mj-body /></mjml>", "in the head"),
        ],
    )  # fmt: skip
    def test_the_frame_of_a_message(self, mjml: str, expected: str) -> None:
        with pytest.raises(TemplateError) as found:
            content.compile_mjml(mjml)
        assert expected in str(found.value)

    def test_preview_text_is_told(self) -> None:
        mjml = "<mjml><mj-head><mj-preview> Hi {{ name }} </mj-preview></mj-head><mj-body /></mjml>"
        assert content.preview_text_of_mjml(mjml) == "Hi {{ name }}"


@pytest.mark.parametrize(
    "inner",
    [
        *(
            f'<mj-social><mj-social-element name="{name}" href="https://a.example/" /></mj-social>'
            for name in ("facebook", "x", "google", "web", "youtube", "dribbble", "snapchat")
        ),
        "<mj-accordion><mj-accordion-element><mj-accordion-title>A</mj-accordion-title>"
        "<mj-accordion-text>b</mj-accordion-text></mj-accordion-element></mj-accordion>",
        '<mj-carousel><mj-carousel-image src="https://a.example/1.png" />'
        '<mj-carousel-image src="https://a.example/2.png" /></mj-carousel>',
    ],
)
def test_icons_come_from_this_site_and_are_there(inner: str) -> None:
    html = html_of(column(inner))
    hosts = set(re.findall(r'src="https?://([^/"]*)', html))
    assert hosts <= {"localhost:8000", "a.example"}
    names = re.findall(r'src="http://localhost:8000/static/(edm/icons/[a-z-]+\.png)"', html)
    assert names and all(finders.find(name) for name in names)
