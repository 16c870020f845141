"""The sign-in forms, which count their tries."""

from __future__ import annotations

import datetime as dt
from typing import Any

from allauth.core import context
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from signin.adapters import too_many
from signin.models import Outcome
from signin.record import record, record_too_many_tries
from signin.throttling import throttle
from signin.throttling.limits import code_limits
from signin.typed import AddWebAuthnForm, AuthenticateForm, LoginForm, ReauthenticateForm

CODE_LIVES = dt.timedelta(seconds=90)
"""How long a code of an app may be accepted: the step before, its own, the step after."""
WRONG_CODE = _("Wrong code. Wait for the next one in your app, or use a recovery code.")


class SignInForm(LoginForm):
    """Its fields have the names of Django's own form, which password managers know."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = gettext("User name")
        self.fields["password"].label = gettext("Password")

    def add_prefix(self, field_name: str) -> str:
        return super().add_prefix("username" if field_name == "login" else field_name)


class _CountedCode:
    """A code with limited tries, valid for one use across all processes."""

    user: Any
    authenticator: Any

    def clean_code(self) -> str:
        request: HttpRequest = context.request
        try:
            admission = throttle.count(code_limits(request, self.user))
        except throttle.TooManyTries as exceeded:
            record_too_many_tries(request, self.user, exceeded)
            raise too_many(exceeded) from None
        try:
            code: str = super().clean_code()  # type: ignore[misc]  # of the form it is mixed into
        except ValidationError:
            record(request, Outcome.WRONG_CODE, self.user)
            raise ValidationError(WRONG_CODE, code="wrong") from None
        if self._is_used(code):
            record(request, Outcome.WRONG_CODE, self.user)
            raise ValidationError(WRONG_CODE, code="used")
        admission.give_back()
        return code

    def _is_used(self, code: str) -> bool:
        """allauth crosses recovery codes out, under a lock; codes of apps are marked here."""
        if self.authenticator.type != Authenticator.Type.TOTP:
            return False
        digits = "".join(filter(str.isdigit, code))
        return not throttle.first_use("used-code", self.user.pk, digits, window=CODE_LIVES)


class CodeForm(_CountedCode, AuthenticateForm):
    """The form after the password."""


class ConfirmByCodeForm(_CountedCode, ReauthenticateForm):
    """The form within a session."""


class AddKeyForm(AddWebAuthnForm):
    """allauth gives the name of a key no label, and Django's is English."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the key")
