"""Messages in blocks for tests."""

from __future__ import annotations

from typing import Any

FOOTER = {"kind": "footer", "address": "1 Garden Road\nKew"}
OF_EACH_KIND: tuple[dict[str, Any], ...] = (
    {"kind": "header", "alt": "Acme & Co"},
    {"kind": "heading", "text": 'Hello {{ first_name | default: "friend" }}', "level": "1"},
    {"kind": "text", "text": "**Bold** and [words](https://example.com/?a=1&b=2)\n\n- one\n- two"},
    {"kind": "image", "image": "https://example.com/a.png", "alt": 'A "cat"', "width": 300},
    {"kind": "button", "text": "Buy", "link": "https://example.com/buy"},
    {
        "kind": "columns",
        "columns": [
            [{"id": "left", "kind": "text", "text": "left"}],
            [{"id": "right", "kind": "button", "text": "right", "link": "{{ shop_url }}"}],
        ],
    },
    {
        "kind": "products",
        "button": "See",
        "layout": "2",
        "items": [
            {"title": "Rose", "price": "3 €", "image": "https://example.com/rose.png",
             "link": "https://example.com/rose"},
            {"title": "Ivy"},
        ],
    },
    {"kind": "products", "attribute": "wishes", "button": "See"},
    {"kind": "divider"},
    {"kind": "spacer", "height": 40},
    {"kind": "social", "items": [{"name": "Mastodon", "link": "https://example.com/@acme"}]},
    {"kind": "quote", "text": "Splendid.", "by": "Ada"},
    {"kind": "mjml", "mjml": "<mj-section><mj-column><mj-text>raw</mj-text></mj-column></mj-section>"},
    FOOTER,
)  # fmt: skip


def message(*blocks: dict[str, Any]) -> dict[str, Any]:
    """Of these blocks, each of which gets an id if it has none: b0, b1, …"""
    numbered = [{"id": f"b{number}", **block} for number, block in enumerate(blocks)]
    return {"version": 1, "blocks": numbered}
