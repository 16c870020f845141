"""Adapters for allauth: who may sign in, limits on tries, encryption of secrets, and accounts for
single sign-on."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from signin import encryption, single_sign_on
from signin.models import NAME_LENGTH, Outcome
from signin.record import account_named, record, record_too_many_tries
from signin.session import sessions
from signin.session.confirming import SUBMIT_SECONDS
from signin.throttling import devices, throttle
from signin.throttling.limits import password_limits
from signin.throttling.places import address_of
from signin.typed import AccountAdapter, MFAAdapter, SocialAdapter

UNKNOWN_ADDRESS = "0.0.0.0"
WRONG = _("Wrong user name or password. Both are case-sensitive.")
NO_ACCOUNT = _(
    "Single sign-on knows you, but there is no staff account here with your verified email "
    "address. Ask a superuser for one."
)
NO_RIGHTS = _(
    "There is an account for you, but it may not sign in. Ask a superuser to give it rights."
)


def too_many(exceeded: throttle.TooManyTries) -> ValidationError:
    count = exceeded.minutes
    minutes = ngettext("%(count)s minute", "%(count)s minutes", count) % {"count": count}
    return ValidationError(
        gettext(
            "Too many tries. Nothing was checked; try again in %(minutes)s. A "
            "browser or place that you have signed in from before is not affected "
            "by others."
        )
        % {"minutes": minutes}
    )


class SignInAdapter(AccountAdapter):
    error_messages: ClassVar[dict[str, Any]] = {
        **AccountAdapter.error_messages,
        "username_password_mismatch": WRONG,
        "incorrect_password": _("Wrong password."),
    }

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """The staff member with this name and password. Raises ValidationError when there were too
        many tries, before anything is hashed, or when the account is not one of staff.
        """
        name = str(credentials.get("username", ""))[:NAME_LENGTH]
        try:
            admission = throttle.count(password_limits(request, name))
        except throttle.TooManyTries as exceeded:
            record_too_many_tries(request, account_named(name), exceeded)
            raise too_many(exceeded) from None
        found = authenticate(request, username=name, password=credentials.get("password"))
        if not isinstance(found, User):
            record(request, Outcome.WRONG_PASSWORD, account_named(name))
            return None
        if not found.is_staff:  # the password was right: this tells its owner, and no one else
            record(request, Outcome.NOT_ALLOWED, found, method="password")
            raise ValidationError(NO_RIGHTS, code="no_rights")
        admission.give_back()
        return found

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Single sign-on may find an account that is inactive or not staff."""
        if user.is_active and user.is_staff:
            return None
        record(request, Outcome.NOT_ALLOWED, user, method="oidc")
        return _refuse(request, str(NO_RIGHTS))

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        response = super().post_login(request, user, **kwargs)
        record(request, Outcome.SIGNED_IN, user, method=_methods(request, user))
        devices.remember(request, response, user.get_username())
        return response

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Superusers create the accounts."""
        return False

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """For allauth's own pages: the same rule as for ours."""
        return not sessions.confirmed_within(self.request, SUBMIT_SECONDS)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """A user with single sign-on only confirms by it."""
        methods = super().get_reauthentication_methods(user)
        if methods or not SocialAccount.objects.filter(user=user.pk).exists():
            return methods
        url = reverse("openid_connect_login", args=[settings.OIDC_PROVIDER_ID])
        return [{"id": "oidc", "description": settings.OIDC_NAME, "url": url}]

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request) or UNKNOWN_ADDRESS

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """No mail is sent to staff: mail of this system goes through the services of campaigns."""


def _methods(request: HttpRequest, user: User) -> str:
    """Such as "password and totp"."""
    records = get_authentication_records(request, user)
    names = [str(each.get("type") or each.get("method")) for each in records]
    return " and ".join(dict.fromkeys(names))


def _refuse(request: HttpRequest, text: str) -> HttpResponse:
    messages.error(request, text)
    return HttpResponseRedirect(reverse("admin:login"))


class SecondFactorAdapter(MFAAdapter):
    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text)

    def _get_user_identifier(self, user: User) -> str:
        return user.get_username()


class SingleSignOnAdapter(SocialAdapter):
    """Accounts are found once by the address that the provider has verified; from then on by the
    provider's own key of the person."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        sessions.proved(request, single_sign_on.proved_at(sociallogin.account.extra_data))
        if sociallogin.is_existing:
            return
        user = _account_with(_verified_addresses(sociallogin))
        if user is not None:
            sociallogin.connect(request, user)
        elif not settings.OIDC_CREATE_USERS or not _verified_addresses(sociallogin):
            record(request, Outcome.NOT_ALLOWED, method="oidc")
            raise ImmediateHttpResponse(_refuse(request, str(NO_ACCOUNT)))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return bool(settings.OIDC_CREATE_USERS)

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: Any) -> bool:
        """There is no form to fill in."""
        return True

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Any = None,
    ) -> None:
        raise ImmediateHttpResponse(single_sign_on.failed(request, exception or error))


def _verified_addresses(sociallogin: Any) -> list[str]:
    return [each.email for each in sociallogin.email_addresses if each.verified]


def _account_with(addresses: list[str]) -> User | None:
    """The one account with one of these addresses; None if two have it."""
    found: list[User] = []
    for address in addresses:
        found += get_user_model()._default_manager.filter(email__iexact=address)[:2]
    return found[0] if len(found) == 1 else None
