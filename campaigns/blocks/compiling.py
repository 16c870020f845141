"""Make MJML of blocks, with a brand's look."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any

from campaigns.blocks import links, markup, outputs
from campaigns.blocks.checking import Block
from campaigns.blocks.look import Look
from campaigns.blocks.problems import Problem, Wrong, error

_SIZES = {"1": "28px", "2": "22px", "3": "18px"}
_PART = "{{% if {} %}}{}{{% endif %}}"
MARK, END_OF_MARK = "<!--edm-block:{}-->", "<!--/edm-block-->"
"""Around each block of a preview."""
UNSUBSCRIBE, PREFERENCES, WEB_VIEW = "unsubscribe_url", "preferences_url", "web_view_url"


def to_mjml(blocks: list[Block], look: Look, *, is_marked: bool = False) -> str:
    """A whole document. `is_marked` says that comments are to tell where each block begins.
    Raises BlocksError.
    """
    body = "\n".join(_top(block, look, is_marked=is_marked) for block in blocks)
    return (
        f"<mjml>\n<mj-head>\n<mj-attributes>\n{_defaults(look)}\n</mj-attributes>\n</mj-head>\n"
        f'<mj-body background-color="{look.background_colour}">\n{body}\n</mj-body>\n</mjml>\n'
    )


def _defaults(look: Look) -> str:
    font = escape(look.font)
    return "\n".join(
        [
            f'<mj-all font-family="{font}" />',
            f'<mj-section background-color="{look.body_colour}" padding="4px 0" />',
            f'<mj-text color="{look.text_colour}" font-size="16px" line-height="1.5" '
            'padding="8px 24px" />',
            f'<mj-button background-color="{look.button_colour}" '
            f'color="{look.button_text_colour}" border-radius="4px" font-size="16px" '
            'padding="12px 24px" inner-padding="12px 28px" />',
            '<mj-image padding="8px 24px" />',
            '<mj-divider border-color="#c8c8c8" padding="12px 24px" />',
        ]
    )


def _top(block: Block, look: Look, *, is_marked: bool) -> str:
    try:
        made = _sections(block, look)
    except Wrong as problem:
        raise error([Problem(block.id, "", str(problem))]) from problem
    shown = _shown(block, made)
    if not is_marked:
        return shown
    return f"{_raw(MARK.format(block.id))}\n{shown}\n{_raw(END_OF_MARK)}"


def _shown(block: Block, made: str) -> str:
    """To those who are to see it."""
    if block.shown_if is None:
        return made
    return f"{{% if {block.shown_if.liquid} %}}\n{made}\n{{% endif %}}"


def _sections(block: Block, look: Look) -> str:
    match block.kind.name:
        case "columns":
            made = [
                _column("\n".join(_within(each, look) for each in column))
                for column in block.columns
            ]
            return _section("\n".join(made))
        case "products":
            return _products(block.values, look)
        case "mjml":
            return str(block.values["mjml"])
        case name:
            return _section(_column(CONTENT[name](block.values, look)))


def _within(block: Block, look: Look) -> str:
    return _shown(block, CONTENT[block.kind.name](block.values, look))


def _section(columns: str) -> str:
    return f"<mj-section>\n{columns}\n</mj-section>"


def _column(content: str, width: str = "") -> str:
    return f"<mj-column{_attributes(width=width)}>\n{content}\n</mj-column>"


def _attributes(**values: str) -> str:
    """Those that are not empty; the values are escaped already."""
    named = {name.replace("_", "-"): value for name, value in values.items() if value}
    return "".join(f' {name}="{value}"' for name, value in named.items())


def _line(source: str) -> str:
    """One line of text as HTML."""
    return outputs.convert(source.strip(), lambda text: escape(text, quote=False))


def _lines(source: str) -> str:
    return "<br />".join(_line(line) for line in source.strip().splitlines())


def _plain(source: str) -> str:
    """A text of the brand, which is no Liquid."""
    return "<br />".join(
        escape(line.strip(), quote=True).replace("{", "&#123;") for line in source.splitlines()
    )


def _address_of_brand(source: str) -> str:
    is_of_web = source.lower().startswith(("https://", "http://"))
    return escape(source).replace("{", "%7B").replace("}", "%7D") if is_of_web else ""


def _in_attribute(source: str) -> str:
    return "".join(
        outputs.in_attribute(text) if is_output else escape(text)
        for text, is_output in outputs.pieces(source.strip())
    )


def _pixels(number: int | None) -> str:
    return f"{number}px" if number else ""


# What stands in a column


def _header(values: Mapping[str, Any], look: Look) -> str:
    image, to = values["image"], values["link"]
    source = links.image(image) if image else _address_of_brand(look.logo_url)
    href = links.link(to) if to else _address_of_brand(look.website)
    alt = _in_attribute(values["alt"]) or _plain(look.logo_alt or look.name)
    if source:
        width = _pixels(values["width"] or look.logo_width)
        return _image_of(source, alt, href, width, values["align"])
    name = f'<a href="{href}" style="color:inherit;text-decoration:none">{alt}</a>' if href else alt
    made = _attributes(align=values["align"], font_size="22px", font_weight="bold")
    return f"<mj-text{made}>{name}</mj-text>"


def _image_of(source: str, alt: str, href: str, width: str, align: str) -> str:
    made = _attributes(src=source, href=href, width=width, align=align)
    return f'<mj-image{made} alt="{alt}" />'


def _heading(values: Mapping[str, Any], look: Look) -> str:
    level = values["level"]
    made = _attributes(align=values["align"], font_size=_SIZES[level], line_height="1.25")
    style = "margin:0;font-size:inherit;font-weight:bold;line-height:inherit"
    return f'<mj-text{made}><h{level} style="{style}">{_line(values["text"])}</h{level}></mj-text>'


def _text(values: Mapping[str, Any], look: Look) -> str:
    made = markup.to_html(values["text"], look.link_colour)
    return f"<mj-text{_attributes(align=values['align'])}>{made}</mj-text>"


def _image(values: Mapping[str, Any], look: Look) -> str:
    href = links.link(values["link"]) if values["link"] else ""
    alt = "" if values["is_decoration"] else _in_attribute(values["alt"])
    width = _pixels(values["width"])
    return _image_of(links.image(values["image"]), alt, href, width, values["align"])


def _button(values: Mapping[str, Any], look: Look) -> str:
    width = "100%" if values["is_wide"] else ""
    made = _attributes(href=links.link(values["link"]), align=values["align"], width=width)
    return f"<mj-button{made}>{_line(values['text'])}</mj-button>"


def _divider(values: Mapping[str, Any], look: Look) -> str:
    return f'<mj-divider border-width="{values["thickness"]}px" />'


def _spacer(values: Mapping[str, Any], look: Look) -> str:
    return f'<mj-spacer height="{values["height"]}px" />'


def _anchor(href: str, text: str, colour: str) -> str:
    return f'<a href="{href}" style="color:{colour}">{text}</a>'


def _social(values: Mapping[str, Any], look: Look) -> str:
    """Words, for icons would be fetched from another site."""
    made = " · ".join(
        _anchor(links.link(item["link"]), _line(item["name"]), look.link_colour)
        for item in values["items"]
    )
    return f"<mj-text{_attributes(align=values['align'])}>{made}</mj-text>"


def _quote(values: Mapping[str, Any], look: Look) -> str:
    said = markup.to_html(values["text"], look.link_colour)
    by = f'<p style="margin:0;font-size:14px">— {_line(values["by"])}</p>' if values["by"] else ""
    style = f"margin:0;padding:0 0 0 16px;border-left:4px solid {look.button_colour}"
    return f'<mj-text><blockquote style="{style}">{said}{by}</blockquote></mj-text>'


def _footer(values: Mapping[str, Any], look: Look) -> str:
    return (
        '<mj-text align="center" font-size="12px" padding="16px 24px">'
        f"{'<br />'.join(_footer_lines(values, look))}</mj-text>"
    )


def _footer_lines(values: Mapping[str, Any], look: Look) -> Iterator[str]:
    if values["text"]:
        yield markup.to_html(values["text"], look.link_colour)
    else:
        yield from (_plain(each) for each in (look.name, look.footer) if each.strip())
    if values["address"].strip():
        yield _lines(values["address"])
    named = {
        UNSUBSCRIBE: values["unsubscribe"],
        PREFERENCES: values["preferences"],
        WEB_VIEW: values["web_view"],
    }
    yield " · ".join(
        _anchor(f"{{{{ {name} }}}}", _line(words), look.text_colour)
        for name, words in named.items()
        if words
    )


CONTENT: dict[str, Callable[[Mapping[str, Any], Look], str]] = {
    "header": _header,
    "heading": _heading,
    "text": _text,
    "image": _image,
    "button": _button,
    "divider": _divider,
    "spacer": _spacer,
    "social": _social,
    "quote": _quote,
    "footer": _footer,
}


# Products


def _products(values: Mapping[str, Any], look: Look) -> str:
    across = int(values["layout"])
    if values["attribute"]:
        return _from_attribute(values, look)
    items = [_item(each, values["button"], look) for each in values["items"]]
    if across == 1:
        return "\n".join(_section(_beside(each)) for each in items)
    rows = [items[at : at + across] for at in range(0, len(items), across)]
    return "\n".join(_section(_row(each, across)) for each in rows)


def _row(items: list[tuple[str, str]], across: int) -> str:
    """As wide as a full row, also where items are missing at its end."""
    width = f"{100 / across:.4g}%"
    columns = [_column("\n".join(filter(None, each)), width) for each in items]
    return "\n".join([*columns, *[_column("", width)] * (across - len(items))])


def _beside(item: tuple[str, str]) -> str:
    picture, words = item
    return f"{_column(picture, '35%')}\n{_column(words, '65%')}" if picture else _column(words)


def _item(item: Mapping[str, Any], button: str, look: Look) -> tuple[str, str]:
    """Its picture and its words."""
    href = links.link(item["link"]) if item["link"] else ""
    alt = _in_attribute(item["title"])
    image = links.image(item["image"]) if item["image"] else ""
    picture = _image_of(image, alt, href, "", "center") if image else ""
    words = [f"<strong>{_line(item['title'])}</strong>"]
    words += [_line(item[name]) for name in ("text", "price") if item[name]]
    return picture, _words("<br />".join(words), href, button)


def _words(words: str, href: str, button: str) -> str:
    made = f"<mj-text>{words}</mj-text>"
    if button and href:
        made += f'\n<mj-button href="{href}" align="left">{_line(button)}</mj-button>'
    return made


def _from_attribute(values: Mapping[str, Any], look: Look) -> str:
    """One below the other: how many there are differs by recipient."""
    linked = (
        f"{{% if item.link %}}{_anchor('{{ item.link }}', '{{ item.title }}', look.link_colour)}"
    )
    words = f"<strong>{linked}{{% else %}}{{{{ item.title }}}}{{% endif %}}</strong>" + "".join(
        _PART.format(f"item.{name}", f"<br />{{{{ item.{name} }}}}") for name in ("text", "price")
    )
    picture = _image_of("{{ item.image }}", "{{ item.title }}", "", "", "center")
    loop = f"{{% for item in {values['attribute']} limit: {values['most']} %}}"
    text = f"<mj-text>{words}</mj-text>"
    if values["button"]:
        made = '<mj-button href="{{ item.link }}" align="left">'
        text += "\n{% if item.link %}\n"
        text += f"{made}{_line(values['button'])}</mj-button>\n{{% endif %}}"
    guarded = f"{{% if item.image %}}\n{picture}\n{{% endif %}}"
    columns = f"{_column(guarded, '35%')}\n{_column(text, '65%')}"
    return f"{loop}\n{_section(columns)}\n{{% endfor %}}"


def _raw(source: str) -> str:
    return f"<mj-raw>{source}</mj-raw>"
