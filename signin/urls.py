"""The sign-in URLs, beneath /admin/. Of allauth only the views named here exist: no sign-up, no
password reset by mail, no list of addresses."""

from __future__ import annotations

from allauth.account.views import reauthenticate
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from signin.views import SignInView, accept_invitation, change_password, own_sessions

urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", SignInView.as_view(), name="account_login"),
    path("logout/", admin.site.logout, name="account_logout"),
    path("account/confirm/", reauthenticate, name="account_reauthenticate"),
    path("invitation/<int:user_id>/<str:token>/", accept_invitation, name="sign_in_invitation"),
    path("password_change/", admin.site.admin_view(change_password), name="own_password"),
    path("account/sessions/", own_sessions, name="sign_in_sessions"),
    path("account/second-factor/", include("allauth.mfa.urls")),
    # Not found as long as there is no OIDC_SERVER_URL.
    path("account/", include("signin.single_sign_on")),
]
