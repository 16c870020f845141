"""Small mails with style sheets: some written for what inliners get wrong, some generated."""

from __future__ import annotations

import random

BODY = """
<h1 id="top" class="a">One</h1>
<p class="a b" lang="en">Two <a href="https://example.com/" class="b">link</a> <b>bold</b></p>
<p style="color: teal; margin-top: 3px">Three</p>
<p class="c" style="padding: 1px ! important;; *zoom: 1">Four</p>
<div class="b c"><p>Five <i class="a">six</i></p><p class="b">Seven</p></div>
<table class="t" width="300"><tr class="a"><td class="c">1</td><td id="cell">2</td></tr>
<tr><td style="border-top: 1px solid green">3</td><td class="a c">4</td></tr></table>
<ul><li>x</li><li class="b">y</li></ul>
"""

WRITTEN = [
    "p{margin:1px;margin-top:2px;margin:3px}",
    "p{margin-top:2px;margin:3px} .a{margin-top:4px} p.a{margin:5px;margin-left:6px}",
    ".a{color:red} p{color:blue} #top{color:green} h1{color:gray}",
    ".a{color:red} .b{color:blue} .b{color:green} .a{color:lime}",
    "p{color:red!important;color:blue} p{color:green}",
    "p{color:red!important} .a{color:blue!important} p.b{color:green}",
    "p{padding:9px!important} .c{padding-left:2px} p{padding-top:1px!important}",
    "td{border:1px solid red;border-left:0} td{border-color:blue} .c{border-width:3px}",
    "td{border-top-color:red;border:2px dotted blue;border-left-style:solid}",
    "p{font:italic 12px/2 serif;line-height:1} .a{font-size:20px} .b{font:10px sans-serif}",
    ".a{background:red url(x.png) no-repeat} .a{background-color:blue} p{background:none}",
    "p{background-color:red;background:linear-gradient(red,blue)}",
    "p{color:red;color:nonsense} p{margin:2px;margin:red}",
    "p{display:block;display:flex;display:-nonsense-grid}",
    "p{color:rgb(1 2 3 / 50%)} .a{color:hsl(120deg 100% 25%)}",
    "*{margin:0;padding:0} *{color:navy} p{color:red}",
    "*{color:red!important} p{color:blue} html{color:green}",
    "* *{letter-spacing:1px} html,body{letter-spacing:2px} :root{letter-spacing:3px}",
    "p,!bad{color:red} p,{color:green} ,p{color:lime} p..a{color:blue}",
    "p,p:nonsense{color:red} p,p::-moz-nonsense{color:red} p > {color:red}",
    "p, .b:is(.c, i){color:red} .a:where(.b){color:blue} p:has(b){color:lime}",
    "p:lang(en){color:red} p:not(.a,.b){color:green} p:not(:hover){margin:7px}",
    "p:not(.a){color:red} p:not([lang]){margin:1px} :not(p){padding:2px}",
    "p:first-child{color:red} p:nth-child(2n+1){margin:1px} li + li{color:red} h1 ~ p{top:1px}",
    "li:last-child{color:red} li:nth-last-of-type( 2 ){color:blue} p b:only-child{color:lime}",
    "[class~='b']{color:red} [class^=a]{margin:2px} a[href*='example' I]{color:lime}",
    "P.a{color:red} .A{color:blue} p/**/.b{margin:4px} p/**/ .b{margin:5px}",
    "p::before{content:'x';color:red} p:first-letter{color:blue} p{color:green}",
    "a{color:red} a:link{color:blue} a:visited{color:gray} a:hover{color:lime}",
    "a, a:hover{color:red} .b{color:blue}",
    ".b a, a:hover{color:red} a{color:blue} a.b:hover{color:lime}",
    "p{margin-inline:5px;margin-left:2px} .a{margin-left:3px;margin-inline-start:1px}",
    "p{padding-block:5px} .a{padding:1px} .b{padding-block-start:9px}",
    "p{top:1px;inset:2px;left:3px;position:relative}",
    "p{all:unset} .a{color:red} p{color:blue}",
    ".a{color:red} p{all:initial!important}",
    "p{--x:1px;margin:var(--x)} .a{--x:4px} .b{--x:{};--y:a;b:c}",
    "p{text-decoration:underline} .a{text-decoration-color:red} .b{text-decoration:line-through}",
    "p{margin:1px}}p{margin:2px} .a{color:red",
    "p{color:red;} /* } p{color:blue} */ .a{margin:1px/* x */2px} .b{color/**/:/**/lime}",
    "<!-- p{color:red} --> .a{margin:2px}",
    "@charset 'x'; @import 'no.css'; p{color:red} @font-face{font-family:x;src:url(y)}",
    "@namespace x 'y'; p{color:red} @nonsense{p{color:blue}} .a{color:lime}",
    "p{font-family:\"Gill Sans\",'Dick\\'s',serif} .a{font-family:'a\"b'} .b{content:'}'}",
    "p{width:calc(100% - (2px + 1px))} .a{width:10px} #cell{height:1.5em}",
    "p{color:RED;MARGIN:1PX} .a{Color:Blue ! IMPORTANT}",
    ".\\61 {color:red} #\\63 ell{color:lime} .a\\{ {color:blue}",
    "p{&:hover{color:red} color:blue;.a{color:lime}}",
    "@layer x{p{color:red!important} .a{margin:9px}} p{color:blue} .a{margin:1px}",
    "@supports (display:block){p{color:red}} p{color:blue}",
    "p{color:blue} @supports (display:block){p{color:red}}",
    "p{width:300px} @media (max-width:600px){p{width:100%}}",
    "@media (max-width:600px){p{width:100%}} p{width:300px}",
    ".a{width:300px} @media (max-width:600px){p{width:100%}} p{width:200px}",
    "p{width:300px} @media (max-width:600px){.a{width:100%} .b{width:50%} p{width:20%!important}}",
    "p{margin:9px} @media (max-width:600px){p{margin-left:0} p{margin:1px}}",
    "p{color:red!important} @media (max-width:600px){p{color:blue} .a{color:lime!important}}",
    "p{color:red!important} .b{color:navy} @media (max-width:600px){p{color:blue} .c{color:lime}}",
    "p{margin-top:9px;color:red} @media (max-width:600px){p{margin-top:1px;color:blue}}",
    "p{padding:2px} @media (max-width:600px){p{padding:5px}} .c{padding:7px}",
    "a{color:red;text-decoration:none} a:hover{color:blue;text-decoration:underline}",
    "tr:hover td{background:#eee} td{background:#fff} #cell{background:red}",
    "td{color:red} @media print{td{color:black} tr{display:none}} tr{display:table-row}",
    "p{color:red} @media print{@media (min-width:1px){p{color:black}}}",
    "p{color:red} @media screen{p{color:blue}} @media all{p{margin:1px}}",
]

SHEETS = [
    "<style media=print>p{display:none}</style>",
    "<style media='print'>p{color:black}</style><style>p{color:red}</style>",
    "<style>p{color:red}</style><style media='(max-width:600px)'>p{color:black}</style>",
    "<style>p{color:red;margin:4px}</style><style media=screen>p{color:blue}</style>",
    "<style>p{color:red}</style><style media=' ALL '>p{color:blue}</style>",
    "<style>p{color:red}</style><style media='print, all'>p{color:blue}</style>",
    "<style>p{color:red}</style><style media='not print'>p{color:blue}</style>",
    "<style>p{color:red}</style><style media='&#112;rint'>p{color:blue}</style>",
    "<style>p{color:red}</style><style type='text/CSS'>p{color:blue}</style>",
    "<style>p{color:red}</style><style type='text/less'>p{color:blue}</style>",
    "<style>p{color:red}</style><style type='text/css; charset=x'>p{color:blue}</style>",
    "<style title=A>p{color:red}</style><style title=B>p{color:blue}</style>",
    "<style title=A>p{color:red}</style><style title=A>p{color:blue}</style>",
    "<style disabled>p{color:red}</style><style>p{margin:1px}</style>",
    "<style>p{color:blue}</style><style disabled>p{color:red}</style>",
    "<!--[if mso]><style>p{color:red}</style><![endif]--><style>p{margin:1px}</style>",
    "<style>p{color:blue}</style><!--[if !mso]><!--><style>p{color:red}</style><!--<![endif]-->",
    "<style>p{color:blue}</style><![if !mso]><style>p{color:red}</style><![endif]>",
    "<style></style><style>p{color:blue}</style><style media=print></style>",
]

SELECTORS = (
    ["*", "p", "td", "a", "b", "li", "div", "h1", "table", ".a", ".b", ".c", "#top", "#cell"]
    + ["p.a", "p.b", ".a.b", "div p", "div > p", "tr td", "td.c", "p b", "p a", "body .b"]
    + ["p:first-child", "li:nth-child(2)", "h1 + p", "p:not(.a)", "[class]", "p[lang]", "html"]
    + ["p, .c", ".a, #cell", "p:hover", "a:hover", ".b:hover", "p, a:hover", ":is(p, .c)"]
)
LENGTHS = ["0", "1px", "4px", "1em", "7px", "nonsense"]
COLOURS = ["red", "#00f", "rgb(1, 2, 3)", "teal", "nonsense"]
PROPERTIES = {
    **dict.fromkeys(("margin", "padding"), [*LENGTHS, "1px 2px", "1px 2px 3px 4px"]),
    **dict.fromkeys(("margin-top", "margin-left", "padding-left", "padding-inline"), LENGTHS),
    **dict.fromkeys(("color", "background-color", "border-color", "border-top-color"), COLOURS),
    "background": ["red", "none", "linear-gradient(red, blue)"],
    "border": ["0", "1px solid red", "2px dotted blue", "nonsense"],
    "border-top": ["0", "3px solid lime"],
    "border-width": LENGTHS,
    "font": ["12px serif", "italic bold 10px/2 sans-serif"],
    "font-size": ["10px", "2em", "nonsense"],
    "line-height": ["1", "20px"],
    "display": ["block", "inline", "none", "flex"],
    "width": ["10px", "50%", "auto"],
    "text-decoration": ["none", "underline", "underline red"],
    "letter-spacing": ["1px", "inherit", "initial", "unset"],
}


def page(head: str, body: str = BODY) -> str:
    return f"<!DOCTYPE html><html><head><title>t</title>{head}</head><body>{body}</body></html>"


def generated(seed: int) -> str:
    chance = random.Random(seed)
    sheets = [
        f"<style{chance.choice(['', '', '', ' media=print'])}>{_sheet(chance)}</style>"
        for _ in range(chance.choice([1, 1, 2]))
    ]
    return page("".join(sheets))


def _sheet(chance: random.Random) -> str:
    return " ".join(_block(chance) for _ in range(chance.randint(2, 9)))


def _block(chance: random.Random) -> str:
    rules = " ".join(_rule(chance) for _ in range(chance.randint(1, 2)))
    condition = chance.choice(["", "", "", "", "@media (max-width: 600px)", "@media print"])
    return f"{condition}{{{rules}}}" if condition else rules


def _rule(chance: random.Random) -> str:
    declarations = []
    for _ in range(chance.randint(1, 4)):
        name = chance.choice(list(PROPERTIES))
        important = chance.choice(["", "", "", "", "", " !important"])
        declarations.append(f"{name}: {chance.choice(PROPERTIES[name])}{important}")
    return f"{chance.choice(SELECTORS)} {{{'; '.join(declarations)}}}"


LIQUID = [
    "<style>p{color:red} .big{color:blue}</style><p class='{% if x %}big{% endif %}'>x</p>",
    "<style>p{color:red} #big{color:blue}</style><p {% if x %}id=big{% endif %}>x</p>",
    "<style>.a{color:red;margin:1px} .b{color:blue}</style>"
    "<p class='a {% if x %}b{% else %}c{% endif %}'>x</p>",
    "<style>p{color:red} .dark p{color:blue}</style>"
    "<div class='{% unless x %}dark{% endunless %}'><p>x</p></div>",
    "<style>p{color:red} .b{color:blue} .b:hover{color:lime}</style>"
    "<p class='{% if x %}b{% endif %}'>x</p><p class=b>y</p>",
    "<style>p{color:red}</style>{% if x %}<style>p{color:blue}</style>{% endif %}<p>x</p>",
    "<style>p{color:red;margin:1px}</style><style>{% if x %}p{color:blue}{% endif %}</style><p>x</p>",
    "<style>p{color:red}</style><style>p{color:{{ colour }}}</style><p>x</p>",
    "<style>p{color:red}</style><style media='{% if x %}print{% endif %}'>p{top:1px}</style><p>x</p>",
    "<style>tr{color:red} tr:nth-child(2n){color:blue}</style>"
    "<table>{% for i in list %}<tr><td>{{ i }}</td></tr>{% endfor %}<tr><td>x</td></tr></table>",
    "<style>p{color:red} b + p{color:blue}</style>{% if x %}<b>x</b>{% else %}<i>x</i>{% endif %}<p>",
    "<style>p{color:red!important;margin:1px}</style>"
    "<p style='margin:{% if x %}2px{% else %}3px{% endif %}'>x</p>",
    "<style>p{color:red;margin:1px}</style><p {% if x %}style='margin:2px'{% endif %}>x</p>",
]
VALUES = [
    {"x": True, "list": [1, 2, 3], "colour": "teal"},
    {"x": False, "list": [1, 2], "colour": "#123456"},
]
