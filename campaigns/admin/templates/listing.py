"""The list of templates: what each says, where it is used, and a look at it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin
from admin_kit.words.numbers import number
from campaigns.admin.templates.copies import FolderFilter, folders_of
from campaigns.models import TaskTemplate, Template
from campaigns.wording import subject_in_words

TEXTS = ("html", "mjml", "blocks", "text")
"""Long, and not in the list."""


class Listing(OwnedAdmin):
    list_display = ("name", "folder", "shown_subject", "campaigns", "updated_at", "look")
    list_filter = (FolderFilter,)
    ordering = ("folder", "name", "pk")
    search_fields = ("name", "subject")
    search_help_text = _("Part of a name or a subject")

    def get_list_display(self, request: HttpRequest) -> Any:
        """Folders are for those who have made some."""
        columns = super().get_list_display(request)
        if folders_of(request.user):
            return columns
        return [each for each in columns if each != "folder"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        templates: QuerySet[Any] = super().get_queryset(request)
        if not self.is_list(request):
            return templates
        using = TaskTemplate.objects.filter(template=OuterRef("pk")).order_by().values("template")
        counted = using.annotate(many=Count("task", distinct=True)).values("many")
        in_campaigns = Coalesce(Subquery(counted), 0)
        listed: QuerySet[Any] = templates.defer(*TEXTS).annotate(in_campaigns=in_campaigns)
        return listed

    def is_list(self, request: HttpRequest) -> bool:
        match = request.resolver_match
        return match is not None and match.url_name == "campaigns_template_changelist"

    @admin.display(description=_("subject"), ordering="subject")
    def shown_subject(self, template: Template) -> str:
        return subject_in_words(template.subject)

    @admin.display(description=_("campaigns"), ordering="in_campaigns")
    def campaigns(self, template: Template) -> str:
        return number(template.in_campaigns)  # type: ignore[attr-defined]

    @admin.display(description=_("preview"))
    def look(self, template: Template) -> SafeString:
        url = self.url("preview", template.pk)
        label = gettext("Preview of %(template)s") % {"template": template}
        return format_html(
            '<a class="underline" href="{}" aria-label="{}">{}</a>', url, label, gettext("Show")
        )
