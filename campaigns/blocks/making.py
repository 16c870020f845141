"""Make what a template in blocks is sent as, in the look of its owner's brand."""

from __future__ import annotations

from typing import Any

from campaigns.blocks import look, work
from campaigns.blocks.look import Look
from campaigns.models import Brand
from campaigns.rendering import content


def look_of(owner_id: int) -> Look:
    return look.of_brand(Brand.objects.filter(owner=owner_id).first())


def html_of(raw: Any, look: Look, *, is_marked: bool = False) -> str:
    """The HTML of blocks. `is_marked` is for previews, which tell the blocks apart. Raises
    BlocksError, TemplateError or LimitReached, and Failed when it may be retried.
    """
    return content.compile_mjml(work.to_mjml(raw, look, is_marked=is_marked))
