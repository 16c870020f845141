"""The pages of templates in blocks: written in the editor, kept for reuse, converted one way."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin
from admin_kit.confirmation import Question, ask, is_confirmed, say
from admin_kit.typed import button
from campaigns.admin.blocks import draft as drafts
from campaigns.admin.blocks.builder import NAME
from campaigns.admin.blocks.steps import DO
from campaigns.admin.templates.blocks_form import BlocksForm
from campaigns.blocks import making, work
from campaigns.blocks.problems import BlocksError
from campaigns.models import SavedBlock, Template, TemplateFormat
from campaigns.rendering.content import TemplateError
from sandbox import Failed, LimitReached

FORMAT = "format"
KEEP, KEEP_NAME = "keep", "b-{}__keep_name"
LIVE = ("campaigns_template_live", "campaigns_template_live_of_new")
BUTTONS = ("convert_to_mjml", "convert_to_html")
WHAT_IT_MEANS = _(
    "The message stays as it is now. From then on it is written as %(format)s, and never again in "
    "blocks; a new look of the brand no longer changes it."
)
CANNOT = (BlocksError, TemplateError, LimitReached, Failed)


def is_in_blocks(request: HttpRequest, template: Template | None) -> bool:
    """Of a template, or of the one that is about to be written."""
    if template is not None and template.pk:
        return template.format == TemplateFormat.BLOCKS
    is_asked_for = request.GET.get(FORMAT) == TemplateFormat.BLOCKS
    return is_asked_for or drafts.ORDER in request.POST or NAME in request.POST


class BlocksPages(OwnedAdmin):
    """Of the admin of templates; those in other formats are left alone."""

    actions_list: tuple[str, ...] = ("write_in_blocks",)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[Any]:
        if not is_in_blocks(request, obj):
            return super().get_form(request, obj, change=change, **kwargs)
        form = super().get_form(request, obj, change=change, **{**kwargs, "form": BlocksForm})
        match = request.resolver_match
        told = {
            "is_button": DO in request.POST,
            "is_marked": match is not None and match.url_name in LIVE,
        }
        return type(form.__name__, (form,), told)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if not is_in_blocks(request, obj):
            return fieldsets
        may_change = obj is None or self.has_change_permission(request, obj)
        source = "blocks" if may_change else "html"

        def own(fields: Any) -> list[str]:
            shown = (name for name in fields if name not in ("format", "mjml"))
            return [source if name == "html" else name for name in shown]

        return [(title, {**all_, "fields": own(all_["fields"])}) for title, all_ in fieldsets]

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        if request.method == "POST" and DO in request.POST:
            template = self.visible(request, object_id) if object_id is not None else None
            if str(request.POST[DO]).startswith(f"{KEEP}:"):
                self._keep(request, template)
        return super().changeform_view(request, object_id, *args, **kwargs)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only what is in blocks can be converted."""
        found = super().get_actions_detail(request, object_id)
        template = self.get_object(request, str(object_id))
        if template is not None and template.format == TemplateFormat.BLOCKS:
            return found
        return [each for each in found if not each.action_name.endswith(BUTTONS)]

    @button(_("New in blocks"), "new-in-blocks", icon="dashboard_customize", permissions=["add"])
    def write_in_blocks(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(f"{self.url('add')}?{FORMAT}={TemplateFormat.BLOCKS}")

    # Saved blocks

    def _keep(self, request: HttpRequest, template: Template | None) -> None:
        """Save one block of the posted ones for reuse, under the name beside it."""
        if not request.user.has_perm("campaigns.add_savedblock"):
            raise PermissionDenied
        may_change = template is None or self.has_change_permission(request, template)
        if not may_change or (template is None and not self.has_add_permission(request)):
            raise PermissionDenied
        key = str(request.POST[DO]).partition(":")[2]
        form = self.get_form(request, template, change=template is not None)(
            request.POST, instance=template
        )
        block = drafts.find(form["blocks"].value() or [], key)
        if block is None:
            return
        name = request.POST.get(KEEP_NAME.format(key), "").strip()
        try:
            self._save_block(form.owner_now(), name, block)
        except BlocksError as error:
            messages.error(request, gettext("The block is not kept. %(error)s") % {"error": error})
        except ValidationError as error:
            messages.error(
                request,
                gettext("The block is not kept. %(error)s") % {"error": " ".join(error.messages)},
            )
        except (LimitReached, Failed):
            messages.error(
                request, gettext("The block could not be kept just now. Try again in a moment.")
            )
        else:
            messages.success(
                request,
                gettext("“%(name)s” is kept and can be put into every message.") % {"name": name},
            )

    def _save_block(self, owner_id: int, name: str, block: drafts.Block) -> None:
        checked = work.checked(drafts.as_stored([block]))["blocks"][0]
        saved = SavedBlock(owner_id=owner_id, name=name, block=checked)
        saved.full_clean()
        saved.save()

    # Conversion

    @button(_("Convert to MJML"), "to-mjml", icon="code", permissions=["change"])
    def convert_to_mjml(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._convert(request, object_id, TemplateFormat.MJML)

    @button(_("Convert to HTML"), "to-html", icon="html", permissions=["change"])
    def convert_to_html(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._convert(request, object_id, TemplateFormat.HTML)

    def _convert(self, request: HttpRequest, object_id: str, to: TemplateFormat) -> HttpResponse:
        template = self.visible(request, object_id)
        if not self.has_change_permission(request, template):
            raise PermissionDenied
        back_url = self.url("change", template.pk)
        if template.format != TemplateFormat.BLOCKS:
            say(request, gettext("This template is not written in blocks."), error=True)
            return HttpResponseRedirect(back_url)
        if not is_confirmed(request):
            question = Question(
                gettext("Convert “%(template)s” to %(format)s?")
                % {"template": template, "format": to.label},
                WHAT_IT_MEANS % {"format": to.label},
                gettext("Convert to %(format)s") % {"format": to.label},
            )
            return ask(request, self, question, original=template, back_url=back_url)
        try:
            self._converted(request, template, to)
        except CANNOT as error:
            say(
                request,
                gettext("It stays in blocks, for they cannot be compiled: %(error)s")
                % {"error": error},
                error=True,
            )
        else:
            say(request, gettext("It is written as %(format)s from now on.") % {"format": to.label})
        return HttpResponseRedirect(back_url)

    def _converted(self, request: HttpRequest, template: Template, to: TemplateFormat) -> None:
        look = making.look_of(template.owner_id)
        mjml = work.to_mjml(template.blocks, look)
        html = making.html_of(template.blocks, look)
        with transaction.atomic():
            template.format, template.html, template.blocks = to, html, None
            template.mjml = mjml if to == TemplateFormat.MJML else ""
            self.save_model(request, template, None, True)
            self.log_change(
                request,
                template,
                gettext_noop("Converted from blocks to %(format)s.") % {"format": to.label},
            )
