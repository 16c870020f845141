"""Admin pages of those who signed up: the record of their consent, which staff only read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from addressing.addresses import as_written
from admin_kit.base import LedgerAdmin, visible_rows
from admin_kit.filters import RelatedRowFilter
from admin_kit.typed import label
from admin_kit.words.listing import headed, listed, listed_apart
from admin_kit.words.moments import to_the_minute
from admin_kit.words.stored_texts import shown
from campaigns.attributes import values
from campaigns.models import Tag
from signup.models import MailState, SignUp, State

STATES = {State.PENDING.label: "warning", State.CONFIRMED.label: "success"}
MAIL = {
    MailState.WAITING.label: "info",
    MailState.HANDING.label: "info",
    MailState.SENT.label: "success",
    MailState.DOUBT.label: "warning",
    MailState.FAILED.label: "danger",
}

ANSWERS = ("name", "attributes", "topics")
"""What a person may have told in a form."""


@admin.register(SignUp)
class SignUpAdmin(LedgerAdmin):
    nothing_yet = _(
        "Each person who enters an address in one of your sign-up forms stands here, with "
        "what they agreed to and when."
    )
    list_display = ("address", "form", "state_shown", "asked", "confirmed", "mail_shown")
    list_select_related = ("form", "wording")
    list_filter = (("form", RelatedRowFilter), "state")
    sortable_by = ()
    search_fields = ("email",)
    search_help_text = _("Part of an address")
    fields = (
        "address",
        "form",
        "state_shown",
        "agreed_to",
        "answered",
        "asked",
        "network",
        "confirmed",
        "confirmed_network",
        "expires_at",
        "mail_shown",
        "note",
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Without what was not told, or has not happened."""
        told = {
            "answered": bool(obj and any(obj.answers.get(each) for each in ANSWERS)),
            "network": bool(obj and obj.network),
            "confirmed": bool(obj and obj.confirmed_at),
            "confirmed_network": bool(obj and obj.confirmed_network),
            "note": bool(obj and obj.mail_note),
        }
        return [name for name in self.fields if told.get(name, True)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return visible_rows(super().get_queryset(request), request.user)

    @admin.display(description=_("address"))
    def address(self, row: SignUp) -> str:
        return as_written(row.email)

    @label(_("state"), STATES)
    def state_shown(self, row: SignUp) -> str:
        return row.get_state_display()

    @label(_("message"), MAIL)
    def mail_shown(self, row: SignUp) -> str:
        return row.get_mail_state_display()

    @admin.display(description=_("entered"))
    def asked(self, row: SignUp) -> str:
        return to_the_minute(row.asked_at)

    @admin.display(description=_("confirmed"))
    def confirmed(self, row: SignUp) -> str:
        return to_the_minute(row.confirmed_at)

    @admin.display(description=_("agreed to"))
    def agreed_to(self, row: SignUp) -> str:
        opens = row.wording.opens_text if row.answers.get("opens") else ""
        return gettext("Version %(number)s: %(text)s") % {
            "number": row.wording.number,
            "text": " ".join(filter(None, [row.wording.text, opens])),
        }

    @admin.display(description=_("mail note"))
    def note(self, row: SignUp) -> str:
        return shown(row.mail_note)

    @admin.display(description=_("answers"))
    def answered(self, row: SignUp) -> str:
        told = dict(row.answers.get("attributes", {}))
        lines = [headed(key, values.show(value)) for key, value in told.items()]
        if name := row.answers.get("name"):
            lines.insert(0, gettext("name: %(name)s") % {"name": name})
        if topics := Tag.objects.filter(pk__in=row.answers.get("topics", [])).order_by("name"):
            lines.append(gettext("topics: %(names)s") % {"names": listed(topics)})
        return listed_apart(lines) or "–"
