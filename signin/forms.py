"""The forms of signing in, with their tries counted."""

from __future__ import annotations

import datetime as dt
from typing import Any

from allauth.core import context
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from signin.adapters import too_many
from signin.models import Outcome
from signin.record import record, record_too_many_tries
from signin.throttling import throttle
from signin.throttling.limits import code_limits
from signin.typed import AuthenticateForm, LoginForm, ReauthenticateForm

CODE_LIVES = dt.timedelta(seconds=90)
"""As long as a code of an app may be taken: the step before, its own, the step after."""
WRONG_CODE = "Wrong code. Wait for the next one in your app, or use a recovery code."


class SignInForm(LoginForm):
    """Its fields are called as those of Django's own form, which password managers know."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "User name"
        self.fields["password"].label = "Password"

    def add_prefix(self, field_name: str) -> str:
        return super().add_prefix("username" if field_name == "login" else field_name)


class _CountedCode:
    """A code that is tried at most so often, and is good for one use in all processes together."""

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
        """Recovery codes are crossed out by allauth, under a lock; those of apps are not."""
        if self.authenticator.type != Authenticator.Type.TOTP:
            return False
        digits = "".join(filter(str.isdigit, code))
        return not throttle.first_use("used-code", self.user.pk, digits, window=CODE_LIVES)


class CodeForm(_CountedCode, AuthenticateForm):
    """After the password."""


class ConfirmByCodeForm(_CountedCode, ReauthenticateForm):
    """In a session that goes on."""
