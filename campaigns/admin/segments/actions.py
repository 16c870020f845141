"""The buttons of a segment's page: copy it, split it at random, export its contacts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin
from admin_kit.confirmation import Question, StyledForm, ask, is_confirmed, say
from admin_kit.typed import button
from campaigns.models import Segment
from campaigns.segments import making
from campaigns.segments.values import PARTS
from campaigns.wording import listed

ADD = "campaigns.add_segment"
EXPORTING = ["campaigns.export_contact", "campaigns.view_contact"]


class SplitForm(StyledForm):
    parts = forms.TypedChoiceField(
        label=_("Parts"),
        choices=[(number, str(number)) for number in PARTS],
        coerce=int,
        help_text=_("Of about the same size. A contact stays in its part."),
    )


class SegmentActions(OwnedAdmin):
    @button(_("Duplicate"), "duplicate", icon="content_copy", permissions=[ADD])
    def duplicate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        segment = self.visible(request, object_id)
        if not is_confirmed(request):
            text = gettext("A new segment is made with the same condition.")
            question = Question(
                gettext("Duplicate “%(segment)s”?") % {"segment": segment},
                text,
                gettext("Duplicate"),
            )
            return ask(request, self, question, original=segment, back_url=self._page_of(segment))
        copy = making.duplicate(segment)
        self.log_addition(
            request,
            copy,
            gettext_noop("Copied from segment %(number)s, “%(segment)s”.")
            % {"number": segment.pk, "segment": segment},
        )
        say(request, gettext("“%(copy)s” is a new segment.") % {"copy": copy})
        return HttpResponseRedirect(self._page_of(copy))

    @button(_("Split at random"), "split", icon="call_split", permissions=[ADD])
    def split(self, request: HttpRequest, object_id: str) -> HttpResponse:
        segment = self.visible(request, object_id)
        whole = making.within(segment)
        return ask_for_parts(request, self, segment, whole, back_url=self._page_of(segment))

    @button(_("Export"), "export", icon="download", permissions=EXPORTING)
    def export(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """To the page that asks for the format."""
        segment = self.visible(request, object_id)
        page = reverse("admin:campaigns_contact_export_file")
        return HttpResponseRedirect(f"{page}?segment={segment.pk}")

    def _page_of(self, segment: Segment) -> str:
        return self.url("change", segment.pk)


def ask_for_parts(
    request: HttpRequest, model_admin: OwnedAdmin, row: Any, whole: Any, *, back_url: str
) -> HttpResponse:
    """Ask into how many parts; then make a segment for each, and show these. `whole` is the
    condition of whom to split, None for all contacts of the row's owner."""
    confirmed = is_confirmed(request)
    form = SplitForm(request.POST if confirmed else None)
    if not confirmed or not form.is_valid():
        question = Question(
            gettext("Split the contacts of “%(row)s” at random?") % {"row": row},
            gettext(
                "A segment is made for each part. Every contact is in one of them, and stays "
                "there; new contacts come into one, too."
            ),
            gettext("Split"),
        )
        return ask(request, model_admin, question, original=row, form=form, back_url=back_url)
    made = making.split(row.owner_id, str(row), whole, form.cleaned_data["parts"])
    for segment in made:
        model_admin.log_addition(
            request, segment, gettext_noop("Split from “%(row)s”.") % {"row": row}
        )
    names = listed(gettext("“%(name)s”") % {"name": segment} for segment in made)
    say(
        request,
        gettext("%(number)s new segments: %(names)s.") % {"number": len(made), "names": names},
    )
    return HttpResponseRedirect(segments_url())


def segments_url() -> str:
    return reverse("admin:campaigns_segment_changelist")
