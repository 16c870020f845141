"""Admin pages of sign-up forms: their texts, a preview, where they stand, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from csp.decorators import csp_update
from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.base import WithPanel, choices_for
from admin_kit.previewed import PreviewedAdmin
from admin_kit.typed import label
from campaigns.admin.changes import ExplainedChanges
from campaigns.admin.images.image_admin import FROM_THEIR_STORE
from campaigns.brands.face import RULES, hash_of
from campaigns.brands.samples import LIGHT
from signup import faces, statistics
from signup.admin.form import FormForm
from signup.answers import AnswerForm
from signup.models import SignUpForm, Wording
from signup.views.hosted import HONEYPOT

OPEN, CLOSED = _("open"), _("closed")


def page_of(form: SignUpForm, wording: Wording, attributes: Any, topics: Any) -> str:
    """The page that strangers see, without a mark: it stands in a frame where nothing is posted."""
    answers = AnswerForm(form, wording, asked=attributes, topics=topics)
    context = {
        "face": faces.of_form(form).preview(LIGHT),
        "form": form,
        "wording": wording,
        "answers": answers,
        "honeypot": HONEYPOT,
    }
    with form.speaking():
        return render_to_string("signup/page.html", context)


def embed_code(form: SignUpForm) -> str:
    context = {"form": form, "answers": AnswerForm(form, None), "honeypot": HONEYPOT}
    with form.speaking():
        return render_to_string("signup/embed.html", context).strip()


@admin.register(SignUpForm)
class SignUpFormAdmin(ExplainedChanges, WithPanel, PreviewedAdmin):
    nothing_yet = _(
        "With a form, people put themselves on your list: it has a page of its own and a code "
        "for other sites. They confirm by mail."
    )
    form = FormForm
    list_display = ("name", "title", "state", "service")
    list_select_related = ("service", "owner")
    ordering = ("name", "pk")
    search_fields = ("name", "title")
    search_help_text = _("Part of a name or a title")
    searchable_fields = ("attributes", "topics", "tags")
    change_form_outer_before_template = "admin/signup/signupform/before_form.html"
    change_form_after_template = "admin/signup/signupform/preview.html"
    fieldsets = (
        (None, {"fields": ("owner", "name", "enabled")}),
        (_("Page"), {"fields": ("language", "title", "text", "asks_name", "attributes", "topics")}),
        (_("Consent"), {"fields": ("wording", "opens_wording")}),
        (
            _("Message that asks to confirm"),
            {"fields": ("sender", "service", "subject", "mail_text")},
        ),
        (_("Afterwards"), {"fields": ("tags", "next_url")}),
        (_("On other sites"), {"fields": ("framed_by",)}),
    )

    @label(_("state"), {OPEN: "success", CLOSED: "info"})
    def state(self, form: SignUpForm) -> str:
        return str(OPEN if form.enabled else CLOSED)

    def uses_of(self, objects: Sequence[Any], request: HttpRequest) -> list[str]:
        """Sign-ups are the proof that people agreed."""
        return [
            gettext(
                "People signed up with “%(form)s”: that is the proof that they agreed. "
                "Switch it off instead."
            )
            % {"form": form}
            for form in objects
            if form.sign_ups.exists()
        ]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "topics":
            kwargs["queryset"] = choices_for(db_field, request.user).filter(is_public=True)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, *args: Any) -> None:
        super().save_related(request, form, *args)
        form.save_wording()

    # The preview stands in a frame of this page, whose policy holds in it, too.
    @method_decorator(csp_update({"style-src": [hash_of(RULES)], **FROM_THEIR_STORE}))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().changeform_view(request, *args, **kwargs)

    def panel_of(self, request: HttpRequest, row: SignUpForm) -> dict[str, Any]:
        sign_ups = reverse("admin:signup_signup_changelist")
        return {
            "sign_up": {
                "form": row,
                "trouble": statistics.trouble_of(row),
                "figures": statistics.figures_of(row),
                "mail": statistics.mail_of(row),
                "wordings": row.wordings.order_by("-number")[:10],
                "embed": embed_code(row),
                "sign_ups_url": f"{sign_ups}?form__id__exact={row.pk}",
            }
        }

    def preview_of(self, request: HttpRequest, form: Any) -> str:
        """ "" before there is any of it."""
        row: SignUpForm = form.instance
        if form.is_bound:
            told = getattr(form, "cleaned_data", {})
            if not (row.sender_id and row.service_id):
                return ""
            wording = form.posted_wording()
            return page_of(row, wording, told.get("attributes") or (), told.get("topics") or ())
        wording = row.wording() if row.pk else None
        return page_of(row, wording, None, None) if wording else ""
