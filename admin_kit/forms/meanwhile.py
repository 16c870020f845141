"""Two people who change one row at the same time: who saves second is told, and loses nothing.

The page with a form carries what the row's fields were when it was shown, as short digests. Saving
compares them with the row, under its lock. What comes without them, such as a script's, is saved.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext

from admin_kit.typed import ModelForm
from admin_kit.words.listing import listed
from admin_kit.words.moments import to_the_minute

SEEN = "edm-seen"
"""The name of the form's control with the digests."""
DIGEST_CHARACTERS = 12
MOST_NAMED = 5


class MeanwhileForm(ModelForm):
    is_to_save = False
    """Whether this is what saves a row that there is already, within a transaction."""

    @property
    def seen(self) -> str:
        """For the page that shows this form; empty where there is nothing to save."""
        if not self.instance.pk:
            return ""
        row = self._stored() if self.is_bound else self.instance
        digests = self._digests(row) if row else {}
        return json.dumps(digests, separators=(",", ":")) if digests else ""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # private
        if self.is_to_save and SEEN in self.data and self.instance.pk:
            seen, row = _read(self.data[SEEN]), self._stored(is_locked=True)
            if row is not None and (changed := self._changed(seen, row)):
                self.add_error(None, self._told(changed, row))

    def _stored(self, *, is_locked: bool = False) -> models.Model | None:
        rows: QuerySet[Any] = type(self.instance)._base_manager.filter(pk=self.instance.pk)
        return (rows.select_for_update(no_key=True) if is_locked else rows).first()

    def _changed(self, seen: Mapping[str, str], row: models.Model) -> list[str]:
        """The fields that are no longer as they were seen, nor as they would be saved now: of two
        clicks on the button the second changes nothing.
        """
        now, wanted = self._digests(row), self._digests(self.instance, self.cleaned_data)
        return [
            name
            for name, digest in now.items()
            if name in seen and digest not in (seen[name], wanted[name])
        ]

    def _digests(
        self, row: models.Model, chosen: Mapping[str, Any] | None = None
    ) -> dict[str, str]:
        """`chosen` has the rows of relations, which a row that is not saved does not have."""
        return {
            field.name: _digest(_value(field, row, chosen))
            for field in (*row._meta.concrete_fields, *row._meta.many_to_many)
            if field.name in self.fields
        }

    def _told(self, changed: list[str], row: models.Model) -> str:
        labels = [f"“{self.fields[name].label}”" for name in changed[:MOST_NAMED]]
        more = len(changed) - len(labels)
        names = listed(labels) + (gettext(" and %(more)s more") % {"more": more} if more else "")
        return gettext(
            "Another save came first%(by_whom)s: it changed %(fields)s. What you wrote is "
            "below, and is not saved yet. Open this page in a second window to see what is "
            "stored now; save here once more to put your text in its place."
        ) % {"by_whom": _said_of_last(row), "fields": names}


def _value(field: Any, row: models.Model, chosen: Mapping[str, Any] | None) -> Any:
    if not field.many_to_many:
        return field.value_from_object(row)
    if chosen is not None:
        return sorted(each.pk for each in chosen.get(field.name) or ())
    return sorted(getattr(row, field.attname).values_list("pk", flat=True))


def _digest(value: Any) -> str:
    """Browsers send other line ends than files have."""
    text = json.dumps(value, sort_keys=True, default=str).replace(r"\r\n", r"\n")
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_CHARACTERS]


def _read(text: str) -> dict[str, str]:
    try:
        seen = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return seen if isinstance(seen, dict) else {}


def _said_of_last(row: models.Model) -> str:
    """Who saved the row last, as far as that is known: not all changes are of people."""
    kind = ContentType.objects.get_for_model(row)
    entries = LogEntry.objects.filter(content_type=kind, object_id=str(row.pk))
    last = entries.select_related("user").order_by("-action_time", "-pk").first()
    if last is None:
        return ""
    return gettext(", by %(user)s at %(time)s") % {
        "user": last.user,
        "time": to_the_minute(last.action_time),
    }
