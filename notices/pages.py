"""The page on which a user chooses what to be told, and how."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from admin_kit.base import staff
from admin_kit.confirmation import StyledForm, page_of_no_model, say
from notices import choices, outbox, receivers, webhooks, wording
from notices.models import Channel, Choice, Delivery, Kind, MailWhen, Notice, State
from system_mail import sending as system_mail

MOST_SHOWN = 20
MOST_TESTS = 10
"""In an hour: each is a request to an address that may be another's."""
NEW_SECRET, SWITCH_ON, TEST = "new_secret", "switch_on", "test"


class ChoiceForm(StyledForm):
    wanted = forms.MultipleChoiceField(
        label=gettext_lazy("Tell me when"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    mail = forms.ChoiceField(
        label=gettext_lazy("By mail"), choices=MailWhen, widget=forms.RadioSelect
    )
    webhook_url = forms.CharField(
        label=gettext_lazy("By webhook"),
        max_length=500,
        required=False,
        validators=[webhooks.check_url],
        help_text=gettext_lazy(
            "A public https address that gets each notification at once, signed as Standard "
            "Webhooks says. Empty for none."
        ),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        wanted: Any = self.fields["wanted"]
        wanted.choices = [(kind.value, kind.label) for kind in receivers.kinds_of(user)]
        self.fields["mail"].help_text = _about_mail(user)


def _about_mail(user: User) -> str:
    """Where mail goes, or what keeps it."""
    if not system_mail.is_configured():
        return _(
            "Mail cannot reach you yet: an operator has to set up the system’s own mail first. "
            "Until then, only a webhook can tell you."
        )
    if not user.email:
        return _(
            "Your account has no email address, so you can be told by webhook alone. Ask an "
            "administrator to enter one."
        )
    return _("To %(address)s.") % {"address": user.email}


@require_http_methods(["GET", "POST"])
def own_notices(request: HttpRequest) -> HttpResponse:
    """To be wrapped in `admin_view`."""
    user = staff(request)
    choice, kinds = choices.of(user), receivers.kinds_of(user)
    data = request.POST if request.method == "POST" else None
    form = ChoiceForm(user, data, initial=_initial(choice, kinds))
    if form.is_valid():
        secret = choices.save(user, _chosen(request, form, choice, kinds))
        say(request, _("What you chose was saved."))
        if TEST in request.POST:
            _test(request, user)
        if not secret:
            return HttpResponseRedirect(reverse("own_notices"))
        return _shown(request, user, ChoiceForm(user, data), secret)
    return _shown(request, user, form)


def _initial(choice: Choice, kinds: list[Kind]) -> dict[str, Any]:
    return {
        "mail": choice.mail,
        "wanted": [kind.value for kind in kinds if kind not in choice.unwanted],
        "webhook_url": choice.webhook_url,
    }


def _chosen(
    request: HttpRequest, form: ChoiceForm, choice: Choice, kinds: list[Kind]
) -> choices.Chosen:
    """What the page did not offer stays as it was: rights may come back."""
    values = form.cleaned_data
    offered = [kind.value for kind in kinds]
    unwanted = [kind for kind in offered if kind not in values["wanted"]]
    return choices.Chosen(
        mail=values["mail"],
        unwanted=[*unwanted, *(kind for kind in choice.unwanted if kind not in offered)],
        webhook_url=values["webhook_url"],
        renew=NEW_SECRET in request.POST,
        switch_on=SWITCH_ON in request.POST,
    )


def _shown(request: HttpRequest, user: User, form: ChoiceForm, secret: str = "") -> HttpResponse:
    return page_of_no_model(
        request,
        "admin/account/notices.html",
        title=_("Notifications"),
        form=form,
        choice=choices.of(user),
        secret=secret,
        deliveries=_deliveries(user),
        test_name=TEST,
        new_secret_name=NEW_SECRET,
        switch_on_name=SWITCH_ON,
    )


def _deliveries(user: User) -> list[dict[str, Any]]:
    rows = Delivery.objects.filter(user=user).select_related("notice").order_by("-pk")
    return [
        {
            "what": wording.headline(row.notice),
            "at": row.notice.happened_at,
            "channel": row.get_channel_display(),
            "state": wording.state_of(row),
            "is_given_up": row.state == State.GIVEN_UP,
            "url": row.notice.path,
        }
        for row in rows[:MOST_SHOWN]
    ]


def _test(request: HttpRequest, user: User) -> None:
    """A notice to this user, the way of all others."""
    made = Notice(
        kind=Kind.TEST,
        key=f"{Kind.TEST}:{uuid.uuid4()}",
        owner=user,
        happened_at=timezone.now(),
        path=reverse("own_notices"),
    )
    choice = choices.of(user)
    lately = Notice.objects.filter(owner=user, kind=Kind.TEST)
    if not any(outbox.is_wanted(made, channel, choice) for channel in Channel):
        say(request, _("There is no way to tell you: neither mail nor a webhook."), error=True)
    elif lately.filter(made_at__gt=Now() - dt.timedelta(hours=1)).count() >= MOST_TESTS:
        text = _("No test was sent: there were %(number)s in an hour. Try again later.")
        say(request, text % {"number": MOST_TESTS}, error=True)
    else:
        outbox.record(made)
        say(request, _("A test is on its way; below it says what becomes of it."))
