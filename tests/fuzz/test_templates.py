"""Templates: HTML with Liquid in it, as staff make them."""

from __future__ import annotations

from pathlib import Path

from campaigns.rendering.content import ContentError
from campaigns.rendering.liquid.environment import Problem
from tests.fuzz import readers
from tests.fuzz.door import Door, attack, attack_within_limits

NEWSLETTER = (Path(__file__).parents[1] / "data" / "newsletter.html").read_bytes()
SAMPLES = (
    NEWSLETTER,
    b"<style>p { color: red } @media print { p > a { color: blue } }</style><p style='x: y'>Hello",
    b"{% for x in list %}{{ x | upcase | default: 'a' }}{% else %}{% endfor %}<a href='{{ url }}'>",
    b"<!-- {{ name }} --><pre>  a </pre><ul><li>b<li>c</ul><table><tr><td>d</table>",
    b"{% if name == 'Ada' and n > 1 %}{% assign y = name | split: 'd' | join: ',' %}{{ y }}{% endif %}",
    b"{% raw %}{{ x }}{% endraw %}{% comment %}{% endcomment %}{% case n %}{% when 1 %}{% endcase %}",
)
WORDS = (
    b"<div>", b"</div>", b"<pre>", b"<!--", b"-->", b"<style>", b"</style>", b"p {", b"}", b"<a href=",
    b"{{", b"}}", b"{%", b"%}", b"{% raw %}", b"{% for a in list %}", b"{% endfor %}", b"| uniq",
    b"| concat: list", b"| split: ''", b"{{ name | append: name }}", b"{{ unsubscribe_url }}",
    b"{% assign name = name | append: name %}", b"<![CDATA[", b"<!doctype", b"&#", b"style='",
)  # fmt: skip


def test_links_and_plain_text_of_templates() -> None:
    attack(Door(readers.read_html, SAMPLES, WORDS, raises=(Problem,), largest=200_000))


def test_templates_that_are_saved() -> None:
    attack_within_limits(Door(readers.check_template, SAMPLES, WORDS, raises=(ContentError,)))


MJML = (
    b"<mjml><mj-head><mj-title>a</mj-title><mj-style>.a { color: red }</mj-style></mj-head><mj-body>"
    b"{% for x in list %}<mj-section background-color='{{ c }}'><mj-column width='50%'><mj-text>{{ x }}"
    b"</mj-text></mj-column></mj-section>{% endfor %}</mj-body></mjml>",
    b"<mjml><mj-body><mj-wrapper><mj-section><mj-group><mj-column><mj-image src='a.png' /><mj-social>"
    b"<mj-social-element name='x' href='{{ u }}'>b</mj-social-element></mj-social><!-- c --></mj-column>"
    b"</mj-group></mj-section></mj-wrapper><mj-raw><p>d</mj-raw></mj-body></mjml>",
)
MJML_WORDS = (
    b"<mjml>", b"</mjml>", b"<mj-body>", b"</mj-body>", b"<mj-section>", b"</mj-section>", b"<mj-column>",
    b"</mj-column>", b"<mj-text>", b"</mj-text>", b"<mj-carousel>", b"<mj-carousel-image />", b"<mj-hero>",
    b" width='1e9px'", b" padding='-1px'", b" mode='fluid-height'", b"<mj-include path='a' />", b"<!--",
    b"-->", b"{{ a }}", b"{% if a < b %}", b"{% endif %}", b"{% raw %}", b"<![CDATA[", b"]]>", b"&amp;",
)  # fmt: skip


def test_mjml_that_is_saved() -> None:
    attack_within_limits(Door(readers.compile_mjml, MJML, MJML_WORDS, raises=(ContentError,)))


def test_templates_that_are_rendered() -> None:
    attack_within_limits(Door(readers.render_template, SAMPLES, WORDS, raises=(ContentError,)))
