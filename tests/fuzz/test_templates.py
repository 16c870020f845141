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


def test_templates_that_are_rendered() -> None:
    attack_within_limits(Door(readers.render_template, SAMPLES, WORDS, raises=(ContentError,)))
