"""The versions of a template: who saved what when, what differs, and the way back to one."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin, staff
from admin_kit.confirmation import Question, ask, is_confirmed, page, say
from admin_kit.typed import button
from admin_kit.words.moments import to_the_minute
from admin_kit.words.stored_texts import shown
from campaigns import template_versions
from campaigns.admin.templates import differences
from campaigns.models import Sender, Template, TemplateVersion
from campaigns.wording import listed

LIST = "admin/campaigns/template/versions.html"
DIFFERENCE = "admin/campaigns/template/difference.html"


class Versions(OwnedAdmin):
    def save_model(self, request: HttpRequest, obj: Template, form: Any, change: bool) -> None:
        if change:
            template_versions.keep(obj)
        super().save_model(request, obj, form, change)
        template_versions.record(obj, staff(request))

    def get_urls(self) -> list[URLPattern]:
        own: Any = self.admin_site.admin_view
        one = "<path:object_id>/versions/<int:number>/"
        return [
            path(one, own(self.version_view), name="campaigns_template_version"),
            path(f"{one}restore/", own(self.restore_view), name="campaigns_template_restore"),
            *super().get_urls(),
        ]

    @button(_("Versions"), "versions", icon="history", permissions=["view"])
    def versions(self, request: HttpRequest, object_id: str) -> HttpResponse:
        template = self.visible(request, object_id)
        kept = Paginator(template_versions.of(template), self.list_per_page)
        return page(
            request,
            self,
            LIST,
            title=gettext("Versions of “%(template)s”") % {"template": template},
            original=template,
            kept=template_versions.KEPT,
            versions=[self._told(each) for each in kept.get_page(1)],
            back_url=self.url("change", template.pk),
        )

    def _told(self, version: TemplateVersion) -> dict[str, Any]:
        fields = listed(map(differences.label_of, version.changed))
        return {
            "number": version.number,
            "when": to_the_minute(version.made_at),
            "who": version.made_by or ("–" if version.note else gettext("a deleted user")),
            "what": shown(version.note) or fields or gettext("First saved"),
            "fields": fields if version.note else "",
            "url": self.url("version", version.template_id, version.number),
        }

    def _version(self, template: Template, number: int) -> TemplateVersion:
        found = TemplateVersion.objects.filter(template=template.pk, number=min(number, 2**31 - 1))
        version = found.select_related("made_by").first()
        if version is None:
            raise Http404(gettext("There is no such version, or it is too old to be kept."))
        return version

    def version_view(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        """What this version changed; with `?now` what it differs in from the present text."""
        template = self.visible(request, object_id)
        version = self._version(template, number)
        kept = TemplateVersion.objects.filter(template=template.pk).order_by("-number")
        newest = kept.first() or version
        before = kept.filter(number__lt=number).first()
        since_then = "now" in request.GET
        old, new = (version, newest) if since_then else (before, version)
        may_restore = self.has_change_permission(request, template) and newest != version
        restore_url = self.url("restore", template.pk, number) if may_restore else ""
        before_it = {} if old is None else old.snapshot
        senders = Sender.objects.visible_to(request.user)
        return page(
            request,
            self,
            DIFFERENCE,
            title=gettext("Version %(number)s of “%(template)s”")
            % {"number": number, "template": template},
            original=template,
            version=self._told(version),
            since_then=since_then,
            is_newest=newest == version,
            is_first=old is None,
            differences=differences.between(before_it, new.snapshot, senders),
            restore_url=restore_url,
            back_url=self.url("versions", template.pk),
        )

    def restore_view(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        template = self.visible(request, object_id)
        if not self.has_change_permission(request, template):
            raise PermissionDenied
        version = self._version(template, number)
        if not is_confirmed(request):
            question = Question(
                gettext("Restore version %(number)s of “%(template)s”?")
                % {"number": version.number, "template": template},
                gettext(
                    "The template is saved as it was then. That makes a new version: what is there "
                    "now can be restored as well. What was launched does not change."
                ),
                gettext("Restore"),
            )
            back = self.url("version", template.pk, version.number)
            return ask(request, self, question, original=template, back_url=back)
        if template_versions.restore(version, staff(request)):
            self.log_change(
                request,
                template,
                gettext_noop("Restored from version %(number)s.") % {"number": version.number},
            )
            say(
                request,
                gettext("The template is as it was in version %(number)s.")
                % {"number": version.number},
            )
        else:
            say(
                request,
                gettext("The template is as it was in version %(number)s already.")
                % {"number": version.number},
            )
        return HttpResponseRedirect(self.url("change", template.pk))
