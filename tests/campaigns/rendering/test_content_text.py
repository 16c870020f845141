"""The plain text made from HTML: what a reader of text sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaigns.rendering.content import check, compile_text

NEWSLETTER = (Path(__file__).parents[2] / "data" / "newsletter.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one\n two</p><p>three</p>", "one two\n\nthree"),
        ("a<br>b<br><br><br>c", "a\nb\n\nc"),
        ("<div>a</div><div><div>b</div></div>c", "a\nb\nc"),
        ("<h1>Head</h1>text", "Head\n\ntext"),
        ("a&nbsp;b &amp; &lt;c&gt; &eacute;&#20013;", "a b & <c> é中"),
        ("<pre>a\n  b</pre>c", "a\n  b\n\nc"),
        ("a<hr>b", "a\n\n--------------------\n\nb"),
        ("soft\u00adhyphen\u200b", "softhyphen"),
        ("<ul><li>a</li><li>b</li></ul>c", "- a\n- b\n\nc"),
        ("<ol><li>a<li>b<ul><li>c</ul></ol>", "1. a\n2. b\n  - c"),
        ("<table><tr><th>n</th><th>price</th></tr><tr><td>1</td><td>2</td></tr></table>",
         "n | price\n1 | 2"),
        ("<table role=presentation><tr><td>left</td><td>right</td></tr></table>", "left\nright"),
        ("<table><tr><td><p>a</p></td><td><p>b</p></td></tr></table>", "a\n\nb"),
    ],
)  # fmt: skip
def test_the_layout_is_readable(html: str, text: str) -> None:
    assert compile_text(html) == f"{text}\n"


@pytest.mark.parametrize(
    ("link", "text"),
    [
        (
            '<a href="https://example.com/a?b=1&amp;c=2">Go</a>',
            "Go (https://example.com/a?b=1&c=2)",
        ),
        ('<a href="https://example.com/">https://example.com</a>', "https://example.com"),
        ('<a href="https://example.com">example.com</a>', "example.com"),
        ('<a href="{{ url }}">Go</a>', "Go ({{ url }})"),
        ('<a href="{{ u | default: "x" }}">Go</a>', 'Go ({{ u | default: "x" }})'),
        ('<a href=" //cdn.example.com/x ">Go</a>', "Go (https://cdn.example.com/x)"),
        ('<a href="mailto:hi@example.com?subject=Hi">mail</a>', "mail (hi@example.com)"),
        ('<a href="mailto:hi@example.com">hi@example.com</a>', "hi@example.com"),
        ('<a href="tel:+15551234">call</a>', "call (+15551234)"),
        ('<a href="#top">top</a>', "top"),
        ('<a href="javascript:alert(1)">never</a>', "never"),
        ('<a href="https://example.com"><img src=x alt="Shop"></a>', "Shop (https://example.com)"),
        ('<a href="https://example.com"><img src=x></a>', "https://example.com"),
        ('<a name="x">anchor</a>', "anchor"),
        ('<img src=x alt="Banner"> <img src=y alt="">', "[Banner]"),
    ],
)
def test_links_carry_their_address(link: str, text: str) -> None:
    assert compile_text(link) == f"{text}\n"


@pytest.mark.parametrize(
    "hidden",
    [
        "<head><title>T</title><style>p{}</style></head><body>",
        "<style>p > a {}</style>",
        "<script>1 < 2</script>",
        "<!-- comment -->",
        "<!--[if mso]><table><tr><td>Outlook</td></tr></table><![endif]-->",
        "<!doctype html><?xml version='1.0'?>",
        "<![if !mso]><![nonsense[>",
        '<div style="display: none">pre<div>header</div></div>',
        "<p hidden>x</p>",
        "<p style='DISPLAY:NONE'>unclosed",
    ],
)
def test_what_readers_do_not_see_is_left_out(hidden: str) -> None:
    assert compile_text(f"{hidden}<p>seen</p>") == "seen\n"


def test_what_follows_outlooks_comments_is_seen() -> None:
    html = "<!--[if !mso]><!-- --><p>a</p><![endif]--><p>b</p><!--[if mso]><p>c</p><![endif]-->"
    assert compile_text(html) == "a\n\nb\n"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Dear {% if v %} VIP {% endif %} friend", "Dear {% if v %}VIP {% endif %}friend"),
        ("<p>a</p>{% if v %}<p>b</p>{% endif %}<p>c</p>", "a\n\n{% if v %}b\n\n{% endif %}c"),
        ("<ul>{% for i in l %}<li>{{ i }}</li>{% endfor %}</ul>",
         "{% for i in l %}- {{ i }}\n{% endfor %}"),
        ("<head>{% assign a = 1 %}{{ a }}{% cycle 'x' %}</head><p>{{ a }}</p>",
         "{% assign a = 1 %}{{ a }}"),
        ("<!-- {% if a %} --><p>x</p><!-- {% endif %} -->", "{% if a %}x\n\n{% endif %}"),
        ('{{ a | default: "1 < 2 &amp; 3" }}', '{{ a | default: "1 < 2 &amp; 3" }}'),
        ("{% raw %}{{ x }}{% endraw %}", "{% raw %}{{ x }}{% endraw %}"),
    ],
)  # fmt: skip
def test_liquid_is_kept(html: str, text: str) -> None:
    assert compile_text(html) == f"{text}\n"


def test_braces_written_as_entities_do_not_become_liquid() -> None:
    text = compile_text("<p>&#123;&#123; name }} and <b>{</b>{ and {{ name }}</p>")
    assert text == '{{ "{" }}{ name }} and {{ "{" }}{ and {{ name }}\n'
    check("Hi", "<p>x</p>", text)


def test_the_newsletter_reads_well() -> None:
    assert compile_text(NEWSLETTER).startswith(
        'Hello {{ first_name | default: "friend" }},\n\n'
        "Spring is here & everything at {{ company }} is new. 春天来了。\n\n"
        "See the offers (https://shop.example.com/spring?utm_source=mail&utm_campaign=s%20pring"
        "&who={{ email }}#top)\n\n中文链接 (https://shop.example.com/产品?颜色=红) · "
    )
    assert "Unsubscribe ({{ unsubscribe_url }})" in compile_text(NEWSLETTER)
    assert "Outlook" not in compile_text(NEWSLETTER)
