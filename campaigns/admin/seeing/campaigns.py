"""The preview of a campaign: each of its variants, as any contact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin
from admin_kit.confirmation import page, say
from admin_kit.typed import button
from campaigns.admin.ab_tests.variants import described, weighs
from campaigns.admin.attachments import inline as attachments
from campaigns.admin.seeing import preview
from campaigns.admin.seeing.preview import MESSAGE_POLICY, Preview
from campaigns.languages import choosing, counting
from campaigns.languages.tags import named
from campaigns.models import Contact, Content, Task, Template
from campaigns.preflight import merge_fields, notices, samples
from campaigns.wording import listed, subject_in_words

TO_TEST = "admin:dispatch_emailservice_test_mail"
NOTHING = _("No template is chosen yet: choose one, save, and look again.")


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the messages of a campaign; once it was launched, as it was frozen then."""

    key: str
    label: str
    template: Template
    language: str
    frozen: Content | None = None

    def seen_by(self, contact: Contact | None) -> Preview:
        if self.frozen:
            return preview.of_frozen(self.frozen, contact)
        return preview.preview(self.template, contact, samples.usual_sender(self.template))


class TaskPreview(OwnedAdmin):
    @button(_("Preview"), "preview", icon="visibility", permissions=["view"])
    @method_decorator(csp_replace(MESSAGE_POLICY))
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        task = self.visible(request, object_id)
        variants = variants_of(task)
        if not variants:
            say(request, str(NOTHING), error=True)
            return self.response_post_save_change(request, task)
        asked_for = request.GET.get("variant")
        variant = next((each for each in variants if each.key == asked_for), variants[0])
        asked = preview.asked(request.GET, request.user, variant.template)
        shown = None if asked.form.errors else variant.seen_by(asked.contact)
        return page(
            request,
            self,
            "admin/campaigns/template/preview.html",
            title=gettext("Preview of “%(task)s”") % {"task": task},
            original=task,
            **preview.seen(shown, asked),
            variants=[(each.key, each.label) for each in variants],
            variant=variant.key,
            gets=_who_gets(variants, asked.contact),
            files=attachments.said(task),
            back_url=self.url("change", task.pk),
            **({} if variant.frozen else _of_draft(variant, asked.contact)),
        )


def variants_of(task: Task) -> list[Variant]:
    frozen = Content.objects.filter(task=task).select_related("template", "task").order_by("pk")
    if frozen:
        return [
            Variant(str(each.pk), _said_of(each), _template_of(each), each.language, each)
            for each in frozen
        ]
    rows = task.tasktemplate_set.select_related("task__sender", "template__sender", "sender")
    chosen = list(rows.order_by("pk"))
    return [
        Variant(
            str(each.pk),
            described(each, weighs(chosen)),
            samples.of_choice(each),
            each.language,
        )
        for each in chosen
    ]


def _said_of(frozen: Content) -> str:
    language = gettext("in %(language)s") % {"language": named(frozen.language)}
    subject = gettext("subject “%(subject)s”") % {"subject": subject_in_words(frozen.subject)}
    template = str(frozen.template or gettext("a deleted template"))
    return listed([template, *([language] if frozen.language else []), subject])


def _who_gets(variants: Sequence[Variant], contact: Contact | None) -> str:
    """Which language the contact gets, where there are several."""
    languages = choosing.languages_of(variant.language for variant in variants)
    if contact is None or not languages.are_several:
        return ""
    own = counting.language_of(contact)
    gets = choosing.chosen(languages, own)
    if own:
        told = gettext("%(contact)s, with the language %(own)s, gets %(gets)s")
    else:
        told = gettext("%(contact)s, without a language, gets %(gets)s")
    return told % {
        "contact": contact,
        "own": named(own),
        "gets": named(gets) if gets else gettext("what is for everyone else"),
    }


def _template_of(frozen: Content) -> Template:
    return Template(
        owner_id=frozen.task.owner_id,
        subject=frozen.subject,
        preview_text=frozen.preview_text,
        html=frozen.html,
        text=frozen.text,
    )


def _of_draft(variant: Variant, contact: Contact | None) -> dict[str, Any]:
    return {
        "notices": notices.of_template(variant.template),
        "merge_fields": merge_fields.report_for_owner(variant.template),
        "test_url": _test_url(variant, contact),
    }


def test_url_of(task: Task) -> str:
    """Of the first of its variants; "" without any."""
    variants = variants_of(task)
    return _test_url(variants[0], None) if variants else ""


def _test_url(variant: Variant, contact: Contact | None) -> str:
    asked = {"variant": variant.key, **({"contact": contact.email} if contact else {})}
    return f"{reverse(TO_TEST)}?{urlencode(asked)}"
