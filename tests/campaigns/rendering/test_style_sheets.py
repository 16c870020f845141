"""Which rules of which sheets come into style attributes, and what keeps those that stay alive.
Whether mails look the same afterwards is tested in a browser (tests/browser/test_inlined_css.py).
"""

from __future__ import annotations

import pytest

from campaigns.rendering.content import compile_html

PLAIN = "<style>p {margin: 1px}</style>"


@pytest.mark.parametrize(
    "sheet",
    [
        '<style media="print">{}</style>',
        "<style media=PRINT>{}</style>",
        '<style media="&#112;rint">{}</style>',
        '<style media="screen">{}</style>',
        '<style media="only screen and (max-width: 600px)">{}</style>',
        '<style media="print, speech">{}</style>',
        '<style media="not all">{}</style>',
        '<style media="{{{{ medium }}}}">{}</style>',
        '<style type="text/less">{}</style>',
        '<style type="text/css; charset=utf-8">{}</style>',
        "<style disabled>{}</style>",
        '<style data-css-inline="ignore">{}</style>',
        "<!--[if mso]><style>{}</style><![endif]-->",
        "<!--[if !mso]><!--><style>{}</style><!--<![endif]-->",
        "<!--[if !mso]><!-- --><style>{}</style><!-- <![endif]-->",
        "<!--[if !(mso|IE)]>--><style>{}</style><!--<![endif]-->",
        "<![if !mso]><style>{}</style><![endif]>",
        "{{% if dark %}}<style>{}</style>{{% endif %}}",
        "<style {{% if x %}}media=print{{% endif %}}>{}</style>",
        "<style>@media print {{{}}}</style>",
    ],
)
def test_a_sheet_that_does_not_apply_to_every_reader_stays_and_is_not_inlined(sheet: str) -> None:
    html = PLAIN + sheet.format(".x {display: none}") + '<b class="x">x</b>'
    assert compile_html(html) == html


@pytest.mark.parametrize(
    "sheet",
    [
        "<style>{}</style>",
        '<style media="">{}</style>',
        '<style media=" ALL ">{}</style>',
        '<style media="print, all">{}</style>',
        '<style type="">{}</style>',
        '<style type="TEXT/css">{}</style>',
        '<style title="Plain">{}</style>',
        "<!--[if mso]><p>x</p><![endif]--><style>{}</style>",
        "<!--[if !mso]><!--><i>x</i><!--<![endif]--><style>{}</style>",
        "{{% if dark %}}x{{% endif %}}<style>{}</style>",
        "<style><!-- {} --></style>",
    ],
)
def test_a_sheet_that_applies_to_every_reader_is_inlined(sheet: str) -> None:
    html = sheet.format(".x {display: none}") + '<b class="x">x</b>'
    assert compile_html(html).endswith('<b class="x" style="display: none;">x</b>')


def test_of_sheets_with_titles_only_those_of_the_first_title_are_inlined() -> None:
    html = (
        "<style title=A>p {margin: 1px}</style><style title=B>p {padding: 1px}</style>"
        "<style title=A>p {top: 1px}</style><p>x</p>"
    )
    assert compile_html(html).endswith('<p style="margin: 1px;top: 1px;">x</p>')


def test_an_alternate_title_of_a_linked_sheet_does_not_count() -> None:
    html = '<link rel="alternate stylesheet" title=B href=x><style title=A>p {top: 1px}</style><p>x</p>'
    assert 'style="top: 1px;"' in compile_html(html)
    html = "<link rel=stylesheet title=B href=x><style title=A>p {top: 1px}</style><p>x</p>"
    assert compile_html(html) == html


def test_later_declarations_come_later() -> None:
    html = "<style>p{margin:1px;margin-top:2px;margin:3px 4px 5px} .a{margin-top:6px}</style>"
    assert compile_html(html + "<p class=a>").endswith(
        '<p class=a style="margin: 3px 4px 5px;margin-top: 6px;">'
    )


def test_a_value_that_some_programs_do_not_know_keeps_the_one_before_it() -> None:
    html = "<style>p{background:red;background:linear-gradient(red,blue)}</style><p>"
    assert compile_html(html).endswith(
        '<p style="background: red;background: linear-gradient(red,blue);">'
    )


def test_what_is_important_in_a_sheet_comes_after_the_own_style_and_without_the_mark() -> None:
    html = '<style>p{{color:red!important;top:1px}}</style><p style="color:{}">'
    assert compile_html(html.format("blue")).endswith('<p style="top: 1px;color: red">')
    assert compile_html(html.format("blue!important")).endswith(
        '<p style="top: 1px;color: blue !important;color: red">'
    )


def test_every_rule_is_left_out_whose_selectors_browsers_do_not_take() -> None:
    html = "<style>p, !bad {top:1px} p, {top:2px} p..a {top:3px} p, p:foo {top:4px}</style><p>"
    assert compile_html(html) == html


def test_a_rule_for_everything_is_not_put_on_what_is_not_shown() -> None:
    html = (
        "<html><head><meta name=x><title>t</title><style>* {margin: 0} html {top: 1px}</style>"
        "</head><body><script></script><p>x</p></body></html>"
    )
    assert compile_html(html) == (
        '<html style="top: 1px;"><head><meta name=x><title>t</title>'
        '<style>* {margin: 0} html {top: 1px}</style></head><body style="margin: 0;">'
        '<script></script><p style="margin: 0;">x</p></body></html>'
    )


@pytest.mark.parametrize(
    ("css", "marked"),
    [
        ("p{top:1px} @media print{p{top:2px}}", "@media print{p{top:2px !important}}"),
        ("p{top:1px} @media print{p{top:2px ; }}", "@media print{p{top:2px !important ; }}"),
        ("p{top:1px} @media print{p{top:2px/* x */;a:b}}", "{top:2px !important/* x */;a:b}"),
        ("p{margin:1px} @media print{.a{margin-top:0}}", "{margin-top:0 !important}"),
        ("p{margin-top:1px} @media print{.a{margin:0}}", "{margin:0 !important}"),
        ("p{top:1px}\r\n@media print{\r\np{\r\ntop:2px\r\n}}", "top:2px !important\r\n}"),
        ("p{top:1px} p:hover{top:2px;color:red}", "p:hover{top:2px !important;color:red}"),
        ("p{top:1px} p:focus-within{top:url( a)}", "{top:url( a) !important}"),
        ("p{top:1px} @supports (a:b){@media print{p{top:2px}", "{top:2px !important"),
        ("*{top:1px} p:has(b){top:2px}", "p:has(b){top:2px !important}"),
    ],
)
def test_a_rule_that_inlining_would_kill_becomes_important(css: str, marked: str) -> None:
    compiled = compile_html(f"<style>{css}</style><p class=a>x</p>")
    assert marked in compiled
    assert "<p class=a style=" in compiled
    assert compile_html(compiled) == compiled


@pytest.mark.parametrize(
    "css",
    [
        "p{top:1px} @media print{p{top:2px!important}}",
        "p{top:1px} @media print{p{color:red}}",
        "p{top:1px} @media print{b{top:2px}}",
        "p{top:1px} @font-face{top:2px} @page{top:2px} @keyframes x{to{top:2px}}",
        "p{top:1px} p::before{top:2px} p:after{top:2px}",
        "p{margin:1px} @media print{b{margin-left:2px}} .b:hover{margin:1px}",
        "@media print{p{top:2px}} p{top:1px}",
        "p, p:hover{top:1px}",
    ],
)
def test_a_sheet_whose_rules_live_on_keeps_its_bytes(css: str) -> None:
    html = f"<style>{css}</style><p>x</p>"
    compiled = compile_html(html)
    assert compiled.startswith(f"<style>{css}</style><p style=")


@pytest.mark.parametrize(
    "sheets",
    [
        # With !important it would also win over what it gives way to now.
        "<style>p{top:1px} @media print{p{top:2px}} .a{top:3px}</style>",
        # A sheet that stays as it is cannot have it.
        "<style>p{top:1px}</style><style media=print>p{top:2px}</style>",
        "<style>p{top:1px}</style><style>p{top:{{ x }}}</style>",
        "<style>p{top:1px}</style>{% if x %}<style>p{top:2px}</style>{% endif %}",
    ],
)
def test_where_that_would_change_too_much_the_rule_stays_in_its_sheet(sheets: str) -> None:
    html = f"{sheets}<p class=a>x</p><p>x</p>"
    compiled = compile_html(html)
    assert compiled.startswith(sheets)
    assert compiled.endswith("<p>x</p>")


def test_a_place_that_liquid_changes_is_left_to_the_sheet() -> None:
    html = "<style>td {top: 1px} tr:nth-child(2) {color: red} b + i {top: 2px}</style>"
    loop = "<table>{% for x in y %}<tr><td>x</td></tr>{% endfor %}<tr><td>z</td></tr></table>"
    assert "color" not in compile_html(html + loop).removeprefix(html)
    still = "{% if x %}text{% endif %}<table><tr></tr><tr><td>z</td></tr></table>"
    assert '<tr style="color: red;">' in compile_html(html + still)


@pytest.mark.parametrize(
    "element",
    [
        '<p class="{% if x %}big{% endif %}">',
        '<p {% if x %}class="big"{% endif %}>',
        "<p class='{% if x %}small{% else %}big{% endif %} a'>",
        '<div id="{% if x %}top{% endif %}"><p>',
    ],
)
def test_a_rule_for_what_liquid_chooses_is_not_defeated(element: str) -> None:
    sheet = "<style>p {font-size: 12px; color: red} .big, #top p {font-size: 20px}</style>"
    compiled = compile_html(sheet + element)
    assert compiled == sheet + element[:-1] + ' style="color: red;">'


def test_a_rule_in_a_sheet_with_liquid_is_not_defeated() -> None:
    html = (
        "<style>p {top: 1px; color: red; margin: 0}</style>"
        "<style>{% if x %}p {top: 2px}{% endif %} p {color: {{ colour }}}</style><p>"
    )
    assert compile_html(html).endswith('</style><p style="margin: 0;">')


@pytest.mark.parametrize(
    ("own", "joined"),
    [
        ("color:red;;", "color: red"),
        ("*zoom:1;color:red", "*zoom:1;color: red"),
        ("color", "color"),
        ("filter:a(b=1)", "filter: a(b=1)"),
    ],
)
def test_an_own_style_that_no_parser_likes_is_kept(own: str, joined: str) -> None:
    html = f'<style>p {{top: 1px}}</style><p style="{own}">'
    assert compile_html(html).endswith(f'<p style="top: 1px;{joined}">')


def test_braces_in_css_never_become_liquid() -> None:
    html = "<style>p {--a:{/**/{x}}; --b: '{/**/{'}</style><p>x</p>"
    assert compile_html(html) == html
