"""A form in blocks, as a browser posts it."""

from __future__ import annotations

from typing import Any

from tests.campaigns.admin.staff import address

ADD = "/admin/campaigns/template/add/?format=blocks"
Post = dict[str, Any]


def change(pk: int) -> str:
    return address("campaigns.template", "change", pk)


def form(*blocks: tuple[str, str, dict[str, Any]], **others: Any) -> Post:
    """Of blocks, each its id, its kind (and place in columns), and its controls."""
    posted: Post = {
        "name": "Spring",
        "subject": "Spring is here",
        "b__order": [f"{key} {kind}" for key, kind, _ in blocks],
        **others,
    }
    for key, _, values in blocks:
        posted |= {f"b-{key}__{name}": value for name, value in values.items()}
    return posted


def heading(key: str = "h1", text: str = "Hello", **values: Any) -> tuple[str, str, dict[str, Any]]:
    return key, "heading", {"text": text, "level": "1", "align": "left", **values}


def footer(key: str = "f1") -> tuple[str, str, dict[str, Any]]:
    return key, "footer", {"address": "1 Garden Road", "unsubscribe": "Unsubscribe"}
