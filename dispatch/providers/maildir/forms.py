from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class MaildirForm(forms.Form):
    folder = forms.SlugField(
        initial="outbox",
        max_length=60,
        help_text=_("Name of the folder under var/maildir/ that takes the files."),
        label=_("Folder"),
    )
