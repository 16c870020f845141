"""The form by which staff make a sign-up form, with its wording."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.previewed import PreviewedForm
from admin_kit.typed import Textarea
from admin_kit.words.listing import listed
from dispatch.models import EmailService
from signup.answers import MOST_FIELDS, MOST_TOPICS
from signup.models import LANGUAGES, SignUpForm, Wording

LONGEST_WORDING = 2000


class FormForm(PreviewedForm):
    wording = forms.CharField(
        max_length=LONGEST_WORDING,
        widget=Textarea(attrs={"rows": 4}),
        label=_("What people agree to"),
        help_text=_(
            "Stands beside a box that they have to tick: who sends what, how often, and that "
            "they can leave at any time. A changed text is a new version; each sign-up keeps the "
            "version that was on its page."
        ),
    )
    opens_wording = forms.CharField(
        required=False,
        max_length=LONGEST_WORDING,
        widget=Textarea(attrs={"rows": 3}),
        label=_("Consent to record opens"),
        help_text=_("Beside a box of its own, which need not be ticked. Empty: not asked."),
    )

    # A control called `attributes` hides the attributes of the form element from scripts, and the
    # page stays empty.
    control_names: ClassVar = {"attributes": "asked_attributes"}

    class Meta:
        widgets = {
            "text": Textarea(attrs={"rows": 3}),
            "mail_text": Textarea(attrs={"rows": 4}),
            "framed_by": Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(language := self.fields.get("language"), forms.ChoiceField):
            language.choices = [("", _("As the browser asks for")), *LANGUAGES.items()]
        if self.instance.pk and (wording := self.instance.wording()):
            self.initial["wording"] = wording.text
            self.initial["opens_wording"] = wording.opens_text

    def add_prefix(self, field_name: str) -> str:
        return super().add_prefix(self.control_names.get(field_name, field_name))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        owner = cleaned.get("owner") or self.instance.owner
        service = cleaned.get("service")
        if service and not EmailService.objects.open_to(owner.pk).filter(pk=service.pk).exists():
            self.add_error(
                "service", gettext("%(owner)s may not use this email service.") % {"owner": owner}
            )
        for name, most in (("attributes", MOST_FIELDS), ("topics", MOST_TOPICS)):
            if len(cleaned.get(name) or ()) > most:
                self.add_error(name, gettext("Choose at most %(most)s.") % {"most": most})
        if private := [str(tag) for tag in cleaned.get("topics") or () if not tag.is_public]:
            self.add_error("topics", gettext("Not public: %(tags)s.") % {"tags": listed(private)})
        return cleaned

    def what_keeps_it(self, owner: Any) -> list[str]:
        kept = super().what_keeps_it(owner)
        if self.instance.sign_ups.exists():
            kept.append(gettext("People signed up with it, and agreed to mail of its owner."))
        return kept

    def save_wording(self) -> None:
        """A new version, if it is not the newest already."""
        form: SignUpForm = self.instance
        newest = form.wording()
        words = (self.cleaned_data["wording"], self.cleaned_data["opens_wording"])
        if newest and (newest.text, newest.opens_text) == words:
            return
        Wording.objects.create(
            form=form,
            number=newest.number + 1 if newest else 1,
            text=words[0],
            opens_text=words[1],
        )

    def posted_wording(self) -> Wording:
        """Unsaved, for the preview."""
        told = self.cleaned_data if hasattr(self, "cleaned_data") else {}
        return Wording(
            number=1, text=told.get("wording", ""), opens_text=told.get("opens_wording", "")
        )
