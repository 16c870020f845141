from __future__ import annotations

from django import forms


class MaildirForm(forms.Form):
    folder = forms.SlugField(
        initial="outbox",
        max_length=60,
        help_text="Name of the folder under var/maildir/ that takes the files.",
    )
