"""Admin pages for segments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from admin_kit import confirmation
from admin_kit.base import OwnedAdmin
from admin_kit.lists import ChangeList
from campaigns.admin import uses
from campaigns.admin.segments import counting, draft
from campaigns.admin.segments.actions import SegmentActions
from campaigns.admin.segments.draft import DO
from campaigns.admin.segments.form import SegmentForm
from campaigns.models import Segment, Task
from campaigns.segments import sentence
from campaigns.segments.uses import segments_within
from campaigns.wording import campaigns, filled, listed

FIGURES = "admin/campaigns/segments/figures.html"
LONGEST = 120
SHOWS_THE_BUILDER = {
    "hx-post": "",
    "hx-trigger": "change",
    "hx-target": "#condition",
    "hx-select": "#condition",
    "hx-swap": "outerHTML",
}
IN_AUDIENCES = ("include_segments", "exclude_segments")


class SegmentChangeList(ChangeList):
    """Counts what uses the segments on the page with one query for each kind of use."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        segments: list[Any] = list(self.result_list)
        tasks: Counter[int] = Counter()
        for through in (Task.include_segments.through, Task.exclude_segments.through):
            named = through._default_manager.filter(segment__in=[each.pk for each in segments])
            tasks.update(named.values_list("segment", flat=True))
        others = Segment.objects.filter(owner__in={each.owner_id for each in segments})
        within = Counter(used for other in others for used in segments_within(other))
        for segment in segments:
            segment.number_of_tasks = tasks[segment.pk]
            segment.number_of_segments = within[segment.pk]


@admin.register(Segment)
class SegmentAdmin(SegmentActions, OwnedAdmin):
    nothing_yet = _(
        "A segment is a condition with a name, such as “has the tag VIP and opened a message "
        "in the last 30 days”. Campaigns mail the people in it."
    )
    form = SegmentForm
    list_display = ("name", "meaning", "used_by", "size")
    sortable_by = ("name",)
    search_fields = ("name",)
    search_help_text = _("Part of a name")
    list_select_related = ("owner",)
    fields = ("owner", "name", "condition")
    actions_detail = ("duplicate", "split", "export")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return SegmentChangeList

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Users with view permission only read the condition as a sentence."""
        fields = super().get_fields(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fields
        return ["said" if name == "condition" else name for name in fields]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        may = obj is None or self.has_change_permission(request, obj)
        return super().get_readonly_fields(request, obj) if may else ("said",)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[Any]:
        form = super().get_form(request, obj, change=change, **kwargs)
        url = self.url("figures", obj.pk) if obj else self.url("figures_of_new")
        for_show = DO in request.POST or "HX-Request" in request.headers
        return type(form.__name__, (form,), {"is_for_show": for_show, "figures_url": url})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Without scripts, the figures come with the page when they are asked for."""
        form = context["adminform"].form
        if request.POST.get(DO) == "count" and "condition" in form.fields:
            widget = form.fields["condition"].widget
            widget.shown = self._figures(request, form)
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            obj.changed_at = Now()
        super().save_model(request, obj, form, change)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Another owner has other tags and attributes to choose from: the builder is shown anew."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "owner":
            choices, plain = field.choices, forms.Select(attrs=SHOWS_THE_BUILDER)
            field.widget = plain
            confirmation.restyled(field)
            field.widget.choices = choices
        return field

    # Deletion

    def uses_of(self, objects: Sequence[Any], request: HttpRequest) -> list[str]:
        lines = uses.by_tasks(objects, request.user, *IN_AUDIENCES, statuses=uses.NOT_LAUNCHED)
        return [*lines, *uses.by_segments(objects, request.user)]

    # Figures

    def get_urls(self) -> list[URLPattern]:
        def own(route: str, view: Any, name: str) -> URLPattern:
            wrapped: Any = self.admin_site.admin_view(view)
            made: URLPattern = path(route, wrapped, name=f"campaigns_segment_{name}")
            return made

        return [
            own("add/figures/", self.figures_of_new_view, "figures_of_new"),
            own("<path:object_id>/figures/", self.figures_view, "figures"),
            own("<path:object_id>/size/", self.size_view, "size"),
            *super().get_urls(),
        ]

    def figures_of_new_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._figures_page(request, None)

    def figures_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._figures_page(request, self.visible(request, object_id))

    def _figures_page(self, request: HttpRequest, segment: Segment | None) -> HttpResponse:
        """Of the condition in the posted form; of the saved one where nothing is posted."""
        if request.method == "POST":
            if segment and not self.has_change_permission(request, segment):
                raise PermissionDenied
            made = self.get_form(request, segment, change=segment is not None)
            form = made(request.POST, instance=segment)
            return render(request, FIGURES, {"shown": self._figures(request, form)})
        if segment is None:
            return render(request, FIGURES, {"shown": counting.Figures()})
        shown = counting.of_condition(segment.owner_id, segment.condition, request.user)
        return render(request, FIGURES, {"shown": shown})

    def _figures(self, request: HttpRequest, form: Any) -> counting.Figures:
        built, _ = draft.posted(request.POST)
        owner_id = form.owner_now()
        return counting.of_draft(owner_id, built, form.instance, request.user)

    def size_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponse(counting.size_of(self.visible(request, object_id)))

    # Columns

    @admin.display(description=_("contacts for whom"))
    def meaning(self, segment: Segment) -> str:
        said = sentence.say(segment.owner_id, segment.condition).sentence
        return Truncator(said).chars(LONGEST)

    @admin.display(description=_("used by"))
    def used_by(self, segment: Any) -> str:
        within = segment.number_of_segments
        said = [
            campaigns(segment.number_of_tasks) if segment.number_of_tasks else "",
            filled(ngettext("%(count)s segment", "%(count)s segments", within), within)
            if within
            else "",
        ]
        return listed(each for each in said if each) or "–"

    @admin.display(description=_("contacts"))
    def size(self, segment: Segment) -> str:
        """Counted after the list is there, one after the other."""
        return format_html(
            '<span hx-get="{}" hx-trigger="load" hx-sync="closest table:queue all">…</span>',
            self.url("size", segment.pk),
        )

    @admin.display(description=_("contacts for whom"))
    def said(self, segment: Segment) -> str:
        return format_html(
            '{}<div hx-get="{}" hx-trigger="load">{}</div>',
            sentence.say(segment.owner_id, segment.condition).sentence,
            self.url("figures", segment.pk),
            gettext("Counting…"),
        )
