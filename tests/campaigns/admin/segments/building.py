"""The form of a segment, posted as a browser does."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.campaigns.admin.staff import address
from tests.responses import ClientResponse

ADD = address("campaigns.segment", "add")
FIGURES = address("campaigns.segment", "figures_of_new")

Line = tuple[str, str, dict[str, Any]]


def form(*lines: Line, **more: Any) -> dict[str, Any]:
    """One group with these lines: field, operator, and what is entered."""
    posted: dict[str, Any] = {"name": "Made", "c__match": "all"}
    for number, (field, operator, parts) in enumerate(lines):
        posted |= {f"c-{number}__field": field, f"c-{number}__operator": operator}
        posted |= {f"c-{number}__{name}": value for name, value in parts.items()}
    return {**posted, **more}


def press(client: Client, do: str, *lines: Line, **more: Any) -> ClientResponse:
    return client.post(ADD, form(*lines, _do=do, **more))
