"""Admin pages for senders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin, OwnedForm
from campaigns.admin import uses
from campaigns.admin.changes import ExplainedChanges
from campaigns.admin.handing_on import tasks_that_keep
from campaigns.models import Sender


class SenderForm(OwnedForm):
    def what_keeps_it(self, owner: User) -> list[str]:
        return tasks_that_keep(self.instance, owner, self.user, "sender", of_teams=True)


@admin.register(Sender)
class SenderAdmin(ExplainedChanges, OwnedAdmin):
    form = SenderForm
    list_display = ("__str__", "reply_to")
    ordering = ("display_name", "local_part", "pk")
    search_fields = ("local_part", "display_name")
    search_help_text = _("Part of an address or a name")
    fields = ("owner", "local_part", "display_name", "reply_to", "postal_address")

    def uses_of(self, objects: Sequence[Any], request: HttpRequest) -> list[str]:
        return uses.by_tasks(objects, request.user, "sender")
