"""The own profile: name, language and time zone, and the ways to what keeps the account safe."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from admin_kit.base import staff
from admin_kit.confirmation import StyledForm, page_of_no_model, say
from admin_kit.typed import SearchableSelect
from admin_kit.words.listing import listed
from campaigns.admin.staff import roles
from signin.models import Profile
from signin.own import zones
from signin.own.languages import spoken
from signin.own.profiles import choose, profile_of
from signin.session import second_factor, sessions


class ProfileForm(StyledForm):
    first_name = forms.CharField(
        label=gettext_lazy("First name"), max_length=150, required=False, strip=True
    )
    last_name = forms.CharField(
        label=gettext_lazy("Last name"), max_length=150, required=False, strip=True
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        required=False,
        widget=SearchableSelect,
        help_text=gettext_lazy(
            "Type a part of its name, such as Berlin. Times on your pages are shown in it, and "
            "what you enter is read in it. Dates in messages, segments and quotas stay in the "
            "zone of the site or of the service."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        languages: Any = self.fields["language"]
        languages.choices = [("", _("As the browser asks for")), *spoken()]
        time_zones: Any = self.fields["time_zone"]
        time_zones.choices = _zones()


def _zones() -> list[Any]:
    """By their regions; first that of the site."""
    of_site = _("That of the site (%(zone)s)") % {"zone": settings.TIME_ZONE}
    found: list[Any] = [("", of_site)]
    for region, names in groupby(zones.names(), key=lambda name: name.partition("/")[0]):
        found.append((region, [(name, name.replace("_", " ")) for name in names]))
    return found


@require_http_methods(["GET", "POST"])
def own_profile(request: HttpRequest) -> HttpResponse:
    """To be wrapped in `admin_view`."""
    user = staff(request)
    form = ProfileForm(request.POST if request.method == "POST" else None, initial=_of(user))
    if form.is_valid():
        _save(user, form.cleaned_data)
        with translation.override(form.cleaned_data["language"] or translation.get_language()):
            say(request, _("Your profile was saved."))
        return HttpResponseRedirect(reverse("own_profile"))
    context = {"title": _("Profile"), "form": form, **_account(user)}
    return page_of_no_model(request, "admin/account/profile.html", **context)


def _of(user: User) -> dict[str, str]:
    profile = profile_of(user) or Profile()
    return {
        "first_name": user.first_name,
        "last_name": user.last_name,
        "language": profile.language,
        "time_zone": profile.time_zone,
    }


def _save(user: User, values: dict[str, str]) -> None:
    names = {name: values[name] for name in ("first_name", "last_name")}
    User.objects.filter(pk=user.pk).update(**names)
    choose(user, language=values["language"], time_zone=values["time_zone"])


def _account(user: User) -> dict[str, Any]:
    """What the page says of the account, beside the form."""
    return {
        "account": user,
        "now": timezone.now(),
        "roles": [roles.in_a_sentence(group) for group in user.groups.order_by("name")],
        "teams": listed(user.teams.values_list("name", flat=True)),
        "has_second_factor": second_factor.has_one(user),
        "needs_second_factor": second_factor.is_required_of(user),
        "number_of_sessions": len(sessions.of(user)),
    }


@require_POST
def own_language(request: HttpRequest) -> HttpResponse:
    """The switch of the user menu, which leads back to the page that it was on. To be wrapped in
    `admin_view`.
    """
    chosen = request.POST.get("language", "")
    if chosen in dict(spoken()):
        choose(staff(request), language=chosen)
    return HttpResponseRedirect(_came_from(request))


def _came_from(request: HttpRequest) -> str:
    for url in (request.POST.get("next", ""), request.headers.get("Referer", "")):
        if url_has_allowed_host_and_scheme(
            url, {request.get_host()}, require_https=request.is_secure()
        ):
            return url
    return reverse("admin:index")
