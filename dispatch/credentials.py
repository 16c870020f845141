"""A secret goes only to the place it was entered for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

ENTER_AGAIN = _(
    "Enter it again: it was entered for another place and is sent nowhere else. Changed: {changed}."
)


def moved(
    stored: Mapping[str, Any], entered: Mapping[str, Any], places: Collection[str]
) -> list[str]:
    """Which of the settings that say where secrets are sent are not as they were stored. A secret
    that was stored for one place must not be sent to another by a person who does not know it.
    """
    return sorted(name for name in places if (entered.get(name) or "") != (stored.get(name) or ""))


def enter_again(changed: Collection[str]) -> str:
    """What to tell staff about a secret after these settings were changed."""
    return str(ENTER_AGAIN).format(changed=", ".join(name.replace("_", " ") for name in changed))
