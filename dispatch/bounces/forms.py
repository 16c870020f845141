"""Where bounces arrive, as staff enter it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dispatch.bounces.mailboxes.maildir import FOLDER
from dispatch.credentials import enter_again, moved
from dispatch.models.service import domain_validator
from dispatch.providers.smtp.forms import LOOPBACK, authorities

SECRET = "password"
PLACE = frozenset({"host", "port", "security", "ca_certificates"})
"""Where the password is sent, and how safely."""


class MailboxForm(forms.Form):
    """`enabled` and `domain` are stored as they are, the others encrypted. An empty password keeps
    the stored one, for the place that it was entered for.
    """

    enabled = forms.BooleanField(
        required=False,
        initial=True,
        label=_("Read bounces by mail"),
        help_text=_("Off: bounces go to the sender of each message, and are not read here."),
    )
    domain = forms.CharField(
        max_length=253,
        label=_("Bounce domain"),
        validators=[domain_validator],
        help_text=_(
            "Bounces go to bounces+…@ this domain. Everything that begins with bounces+ must "
            "arrive in the mailbox below. Best a subdomain of the service's domain, with its own "
            "MX and SPF records."
        ),
    )
    kind = forms.ChoiceField(
        initial="imap",
        label=_("Mailbox"),
        choices=[("imap", "IMAP"), ("maildir", _("Maildir on the machines of the cluster"))],
    )
    host = forms.CharField(
        required=False,
        max_length=253,
        help_text=_("IMAP server, such as imap.example.com."),
        label=_("Host"),
    )
    port = forms.IntegerField(
        required=False,
        initial=993,
        min_value=1,
        max_value=65535,
        help_text=_("993 for TLS, 143 for STARTTLS."),
        label=_("Port"),
    )
    security = forms.ChoiceField(
        required=False,
        initial="tls",
        choices=[
            ("tls", _("TLS from the first byte")),
            ("starttls", "STARTTLS"),
            ("none", _("None")),
        ],
        label=_("Security"),
    )
    user = forms.CharField(required=False, max_length=255, label=_("User"))
    password = forms.CharField(
        required=False,
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        label=_("Password"),
    )
    folder = forms.RegexField(
        r"^[A-Za-z0-9 _./\[\]-]+$",
        required=False,
        initial="INBOX",
        max_length=200,
        help_text=_("The folder to read. Have nothing else read it: what is unread there is new."),
        label=_("Folder"),
    )
    timeout = forms.IntegerField(
        required=False,
        initial=15,
        min_value=1,
        max_value=60,
        help_text=_("Seconds."),
        label=_("Timeout"),
    )
    ca_certificates = authorities()
    maildir = forms.RegexField(
        rf"^{FOLDER.pattern}$",
        required=False,
        max_length=100,
        help_text=_("Name of the Maildir in the folder that BOUNCE_MAILDIRS names."),
        label=_("Maildir"),
    )
    delete = forms.BooleanField(
        required=False,
        label=_("Delete what was understood"),
        help_text=_("Off: it is marked as read. What is not understood is never deleted."),
    )

    def __init__(self, data: Any, stored: Mapping[str, Any]) -> None:
        self.stored_secret = str(stored.get(SECRET) or "")
        self._stored = stored
        shown = {name: value for name, value in stored.items() if name != SECRET}
        super().__init__(data, initial=shown)
        if self.stored_secret:
            self.fields[SECRET].help_text = gettext("Never shown; leave empty to keep it.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        needed = ("maildir",) if cleaned.get("kind") == "maildir" else ("host", "port", "user")
        for name in needed:
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, gettext("This field is required."))
        cleaned["timeout"] = cleaned.get("timeout") or 15
        cleaned["folder"] = cleaned.get("folder") or "INBOX"
        cleaned["security"] = cleaned.get("security") or "tls"
        is_imap = cleaned.get("kind") == "imap"
        if is_imap and cleaned["security"] == "none" and cleaned.get("host") not in LOOPBACK:
            self.add_error(
                "security", gettext("The password would travel unencrypted; choose TLS.")
            )
        if is_imap and not cleaned.get(SECRET):
            self._keep_secret(cleaned)
        return cleaned

    def _keep_secret(self, cleaned: dict[str, Any]) -> None:
        changed = moved(self._stored, cleaned, PLACE)
        if self.stored_secret and changed and not self.errors:
            self.add_error(SECRET, enter_again(changed))
        cleaned[SECRET] = self.stored_secret
