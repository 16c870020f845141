"""Typed access to the parts of allauth, which is untyped, that we extend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.views import LoginView as AllauthLoginView
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm as AllauthAuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as AllauthReauthenticateForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm as AllauthAddWebAuthnForm
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter

if TYPE_CHECKING:
    from django import forms
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse
    from django.views.generic.edit import FormView

    class AccountAdapter:
        request: HttpRequest
        error_messages: ClassVar[dict[str, Any]]

        def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]: ...
        def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse: ...
        def pre_login(
            self, request: HttpRequest, user: User, **kwargs: Any
        ) -> HttpResponse | None: ...

    class MFAAdapter: ...

    class SocialAdapter: ...

    class LoginForm(forms.Form):
        request: HttpRequest

    class LoginView(FormView[forms.Form]): ...

    class AuthenticateForm(forms.Form): ...

    class ReauthenticateForm(forms.Form): ...

    class AddWebAuthnForm(forms.Form): ...
else:
    AccountAdapter = DefaultAccountAdapter
    MFAAdapter = DefaultMFAAdapter
    SocialAdapter = DefaultSocialAccountAdapter
    LoginForm = AllauthLoginForm
    LoginView = AllauthLoginView
    AuthenticateForm = AllauthAuthenticateForm
    ReauthenticateForm = AllauthReauthenticateForm
    AddWebAuthnForm = AllauthAddWebAuthnForm
