"""Admin pages for brands: how an owner's messages in blocks look, and the rules for campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from csp.decorators import csp_update
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.validators import URLValidator
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.base import staff
from admin_kit.previewed import PreviewedAdmin, PreviewedForm
from admin_kit.words.listing import headed
from campaigns.admin.blocks import previews
from campaigns.admin.blocks.builder import pictures
from campaigns.admin.blocks.previews import Preview
from campaigns.admin.changes import ExplainedChanges
from campaigns.admin.images.image_admin import FROM_THEIR_STORE
from campaigns.admin.operations.results import Told, tells
from campaigns.approvals import rule
from campaigns.blocks import renewing
from campaigns.brands.face import RULES, hash_of
from campaigns.models import Brand, Operation, OperationKind
from campaigns.models.brand import COLOURS
from campaigns.wording import listed, templates
from sandbox import Failed

CHOOSE = (
    '{}<p class="edm-editor-hint"><a href="{url}" target="_blank" rel="noopener" class="edm-link" '
    'data-choose="{choose_url}" data-close="{close}" data-failed="{failed}" '
    'data-into="id_logo_url" data-alt="id_logo_alt" '
    'data-width="id_logo_width">{choose}</a></p>'
)
# The previews stand in frames of this page, whose policy holds in them, too.
OF_PREVIEWS = {**FROM_THEIR_STORE, "style-src": [hash_of(RULES)]}
OF_THE_WEB = URLValidator(schemes=("http", "https"))
"""Else public pages would leave a link out without a word."""
LATER = _("The new look could not be given to the templates just now. Save the brand again.")


class LogoAddress(forms.URLInput):
    """With a link to choose one of the owner's pictures."""

    class Media:
        js = ("edm/pictures.js",)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        address = super().render(name, value, attrs, renderer)
        return format_html(CHOOSE, address, choose=gettext("Choose a picture"), **pictures())


class BrandForm(PreviewedForm):
    class Meta:
        widgets = {
            name: forms.TextInput(attrs={"type": "color", "class": "edm-colour"})
            for name in COLOURS
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        owner = cleaned.get("owner") or self.instance.owner
        if Brand.objects.filter(owner=owner).exclude(pk=self.instance.pk).exists():
            self.add_error(
                None, gettext("%(owner)s has a brand already: change that one.") % {"owner": owner}
            )
        is_off = self.instance.pk and cleaned.get("needs_approval") is False
        if is_off and (reason := rule.why_it_stays(self.instance, self.user)):
            self.add_error("needs_approval", reason)
        return cleaned

    def what_keeps_it(self, owner: User) -> list[str]:
        """Handed on, it would no longer rule the campaigns of its owner."""
        reason = rule.why_it_stays(self.instance, self.user)
        return [reason] if reason else []

    def _get_validation_exclusions(self) -> set[str]:
        """The owner is checked in `clean`: not every form has a field to say it at."""
        return super()._get_validation_exclusions() | {"owner"}


@admin.register(Brand)
@method_decorator(csp_update(OF_PREVIEWS), name="changeform_view")
class BrandAdmin(ExplainedChanges, PreviewedAdmin):
    form = BrandForm
    list_display = ("__str__", "font", "website")
    list_select_related = ("owner",)
    ordering = ("name", "pk")
    search_fields = ("name",)
    search_help_text = _("Part of a name")
    change_form_after_template = "admin/campaigns/brand/preview.html"
    fieldsets = (
        (None, {"fields": ("owner", "name", "website", "privacy_url")}),
        (_("Logo"), {"fields": ("logo_url", "logo_alt", "logo_width")}),
        (
            _("Colours"),
            {"fields": COLOURS, "description": _("Of messages in blocks and of public pages.")},
        ),
        (_("Text"), {"fields": ("font", "footer")}),
        (_("Rules for campaigns"), {"fields": ("needs_approval", "asks_for_label")}),
    )

    def uses_of(self, objects: Sequence[Any], request: HttpRequest) -> list[str]:
        """A brand that is deleted takes its rules along."""
        reasons = ((brand, rule.why_it_stays(brand, request.user)) for brand in objects)
        return [headed(f"“{brand}”", reason) for brand, reason in reasons if reason]

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Also a colour keeps the browser's own control."""
        if db_field.name in COLOURS:
            return db_field.formfield(widget=BrandForm.Meta.widgets[db_field.name])
        if isinstance(db_field, models.URLField):
            kwargs.setdefault("assume_scheme", "https")
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field, forms.URLField):
            own = [each for each in field.validators if not isinstance(each, URLValidator)]
            field.validators = [OF_THE_WEB, *own]
        if db_field.name == "logo_url" and field is not None:
            field.widget = LogoAddress(field.widget.attrs)
        return field

    def preview_of(self, request: HttpRequest, form: Any) -> Preview:
        brand = previews.as_far_as_right(form.instance, form.errors)
        return previews.of_brand(brand, request.POST.get(previews.SHOWN, ""))

    def save_model(self, request: HttpRequest, obj: Brand, *args: Any, **kwargs: Any) -> None:
        super().save_model(request, obj, *args, **kwargs)
        for warning in previews.warnings(obj):
            messages.warning(request, warning)
        self._renew(request, obj)

    def delete_model(self, request: HttpRequest, obj: Brand) -> None:
        super().delete_model(request, obj)
        self._renew(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        brands = list(queryset)
        super().delete_queryset(request, queryset)
        for brand in brands:
            self._renew(request, brand)

    def _renew(self, request: HttpRequest, brand: Brand) -> None:
        """Give the owner's templates in blocks the look of now."""
        try:
            failed, operation = renewing.of_owner(brand.owner_id, staff(request))
        except Failed:
            messages.error(request, LATER)
            return
        if failed:
            messages.warning(request, _kept(failed))
        if operation is not None:
            url = reverse("admin:campaigns_operation_change", args=[operation.pk])
            text = gettext(
                'The templates in blocks get the new look now. <a href="{}">How far it is</a>'
            )
            messages.info(request, format_html(text, url))


@tells(OperationKind.RENEW_TEMPLATES)
def tell(operation: Operation) -> Told:
    failed = operation.result.get("failed", [])
    sentences = [gettext("%(templates)s made anew.") % {"templates": templates(operation.done)}]
    return Told([*sentences, _kept(failed)] if failed else sentences)


def _kept(names: list[str]) -> str:
    shown = listed(f"“{name}”" for name in names[:10])
    return gettext(
        "These keep their old look, for they cannot be compiled; open and mend them: %(listed)s."
    ) % {"listed": shown}
