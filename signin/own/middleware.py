"""Shows the admin to signed-in staff in the own language and time zone."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone, translation

from signin.own.languages import language_for
from signin.own.profiles import profile_of
from signin.own.zones import zone_of


class OwnLanguageAndZone:
    """After authentication. Pages outside of the admin, which recipients see, stay as they are, for
    staff too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not _is_for_staff(request):
            return self.get_response(request)
        profile = profile_of(request.user)
        language = language_for(profile.language if profile else "", request)
        with translation.override(language), timezone.override(zone_of(profile)):
            response = self.get_response(request)
        response.headers["Content-Language"] = language
        return response


def _is_for_staff(request: HttpRequest) -> bool:
    return (
        settings.SESSION_COOKIE_NAME in request.COOKIES
        and request.path.startswith(reverse("admin:index"))
        and request.user.is_authenticated
    )
