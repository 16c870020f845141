"""Admin pages for seed lists."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin, OwnedForm
from admin_kit.confirmation import restyled
from campaigns.admin.changes import ExplainedChanges
from dispatch.admin.services.addresses import AddressesField
from dispatch.models import SeedList


class SeedListForm(OwnedForm):
    addresses = AddressesField(
        label=_("Addresses"), help_text=SeedList._meta.get_field("addresses").help_text
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "addresses" in self.fields:
            restyled(self.fields["addresses"])


@admin.register(SeedList)
class SeedListAdmin(ExplainedChanges, OwnedAdmin):
    form = SeedListForm
    list_display = ("name", "how_many")
    sortable_by = ("name",)
    ordering = ("name", "pk")
    search_fields = ("name",)
    search_help_text = _("Part of a name")
    fields = ("owner", "name", "addresses")

    @admin.display(description=_("addresses"))
    def how_many(self, seeds: SeedList) -> str:
        return f"{len(seeds.addresses):,}"
