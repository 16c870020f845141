"""The pages of recipients with made-up values, in which an owner's look is previewed."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.brands.face import Face
from campaigns.brands.samples import Sample
from tracking import subscriptions
from tracking.preferences import Often, Pause, Preferences, Topic
from tracking.subscriptions import Subscriber

ADA = Subscriber(0, "ada@example.com")


def unsubscribe(face: Face) -> str:
    context = {"face": face, "person": ADA, "reasons": subscriptions.Reason.choices}
    return render_to_string("tracking/unsubscribe.html", context)


def preferences(face: Face) -> str:
    topics = [Topic(1, gettext("News"), is_wanted=True), Topic(2, gettext("Offers"), False)]
    context = {
        "face": face,
        "person": ADA,
        "now": Preferences(topics, Often.ALWAYS, paused_until=None, tracking_consent=False),
        "often": [(each.value, each.label, each == Often.ALWAYS) for each in Often],
        "pauses": [(each.value, each.label, each == Pause.NONE) for each in Pause],
        "is_saved": True,
    }
    return render_to_string("tracking/preferences.html", context)


def not_found(face: Face) -> str:
    return render_to_string("tracking/not_found.html", {"face": face})


SAMPLES = (
    Sample("unsubscribe", _("Unsubscribing"), unsubscribe),
    Sample("preferences", _("Preferences"), preferences),
    Sample("not_found", _("A link that does not work"), not_found),
)
