"""The form of a campaign, whole on its page and in parts in its steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedForm
from campaigns.models import Audience, Task, TaskStatus

NEEDED: dict[str, tuple[tuple[str, ...], Promise]] = {
    Audience.TAGS: (
        ("include_tags", "include_segments"),
        _("Choose a tag, or another audience. A segment will do, too."),
    ),
    Audience.CHOSEN: (("contacts",), _("Choose a contact, or another audience.")),
}
AUDIENCE = (
    "audience",
    "include_tags",
    "include_segments",
    "contacts",
    "exclude_tags",
    "exclude_segments",
    "needs_consent",
    "leaves_out_running",
)
UNUSED_UNLESS = {
    "include_tags": Audience.TAGS,
    "include_segments": Audience.TAGS,
    "contacts": Audience.CHOSEN,
}


class TaskForm(OwnedForm):
    of_teams = ("sender",)
    is_for_show = False
    """Then it is checked as ever, but never valid, so that nothing saves it."""
    may_lack = False
    """A draft that is left for later may have an audience that names no one yet."""

    proposes: Mapping[str, Any] = {}
    """What stands in fields that are empty as yet."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, value in self.proposes.items():
            self.initial[name] = self.initial.get(name) or value

    def is_valid(self) -> bool:
        return super().is_valid() and not self.is_for_show

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        fields, what = NEEDED.get(cleaned.get("audience", ""), ((), ""))
        asked = [name for name in fields if name in self.fields]
        unnamed = not any(name in self.errors or cleaned.get(name) for name in asked)
        if asked and unnamed and not self.may_lack:
            self.add_error(asked[0], str(what))
        return cleaned


def names_no_one(task: Task) -> list[str]:
    """What the audience of a saved draft still needs."""
    fields, what = NEEDED.get(task.audience, ((), ""))
    is_named = not fields or any(getattr(task, name).exists() for name in fields)
    return [] if is_named else [str(what)]


def is_used(field: str, task: Task) -> bool:
    return UNUSED_UNLESS.get(field, task.audience) == task.audience


def is_open(task: Task | None) -> bool:
    """Only drafts can be changed: what is launched is frozen."""
    return task is None or task.status == TaskStatus.DRAFT
