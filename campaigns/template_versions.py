"""The versions of a template: one is kept of each save that changes something, the newest KEPT."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_noop

from campaigns.models import Sender, Template, TemplateVersion

KEPT = 50
BEFORE_VERSIONS = gettext_noop("As it was before versions were kept")
"""The most versions of one template; a new one ends the oldest."""
FIELDS = (
    "name",
    "folder",
    "format",
    "sender",
    "subject",
    "preview_text",
    "html",
    "mjml",
    "blocks",
    "text",
)


def of(template: Template) -> QuerySet[TemplateVersion]:
    """Newest first, without their texts."""
    versions = TemplateVersion.objects.filter(template=template.pk).select_related("made_by")
    return versions.order_by("-number").defer("snapshot")


def keep(template: Template) -> None:
    """The template as it is stored, before it is changed for the first time since versions are
    kept. Call in the transaction that saves it.
    """
    stored: QuerySet[Template] = Template.objects.select_for_update(no_key=True)
    before = stored.filter(pk=template.pk).first()
    if before is not None and not of(before).exists():
        _make(before, None, None, BEFORE_VERSIONS)


def record(template: Template, user: User | None, note: str = "") -> TemplateVersion | None:
    """The template as it was just saved; None where it differs in nothing from the last version.
    Call in the transaction that saved it, which has its row locked.
    """
    last = TemplateVersion.objects.filter(template=template.pk).order_by("-number").first()
    return _make(template, last, user, note)


def _make(
    template: Template, last: TemplateVersion | None, user: User | None, note: str
) -> TemplateVersion | None:
    snapshot = {name: _value(template, name) for name in FIELDS}
    before = last.snapshot if last else {}
    changed = [name for name in FIELDS if _plain(snapshot[name]) != _plain(before.get(name))]
    if last is not None and not changed:
        return None
    made = TemplateVersion.objects.create(
        template=template,
        number=last.number + 1 if last else 1,
        made_by=user,
        changed=changed if last else [],
        note=note,
        snapshot=snapshot,
    )
    old = TemplateVersion.objects.filter(template=template.pk, number__lte=made.number - KEPT)
    old.delete()
    return made


def _value(template: Template, name: str) -> Any:
    return template.sender_id if name == "sender" else getattr(template, name)


def _plain(value: Any) -> Any:
    """Browsers send other line ends than files have."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


@transaction.atomic
def restore(version: TemplateVersion, user: User) -> TemplateVersion | None:
    """Save the template as it was in this version, which makes a new one; None if it is so already.
    A sender that is gone, or that has another owner now, is left out.
    """
    stored: QuerySet[Template] = Template.objects.select_for_update(no_key=True)
    template = stored.get(pk=version.template_id)
    for name in FIELDS:
        if name in version.snapshot and name != "sender":
            setattr(template, name, version.snapshot[name])
    senders = Sender.objects.filter(owner=template.owner_id)
    template.sender = senders.filter(pk=version.snapshot.get("sender") or 0).first()
    template.save()
    return record(
        template, user, gettext("Restored from version %(number)s") % {"number": version.number}
    )
