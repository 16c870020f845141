"""The codes of an export in words, for the person whom it is about."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from privacy.readable.words import Word

_SUPPRESSED = {
    "unsubscribed": _("You unsubscribed"),
    "hard_bounce": _("Mail to this address came back for good"),
    "soft_bounces": _("Mail to this address came back several times in a row"),
    "complaint": _("A message was reported as spam"),
    "manual": _("Staff put it on the list"),
    "erased": _("Erased at the person's wish"),
}
_LEFT_OUT = {
    "erased": _("The address was erased"),
    "suppressed": _("The address gets no mail"),
    "domain": _("All addresses of its domain get no mail"),
    "invalid": _("The address cannot be mailed"),
    "refused": _("You did not agree to be mailed"),
    "no_consent": _("No consent is recorded, and the mailing needs one"),
    "excluded": _("In a group that the mailing was not for"),
    "paused": _("You asked for a pause"),
    "less_often": _("You asked for less mail, and had got some lately"),
    "running": _("You were getting another mailing"),
    "duplicate": _("The same address was there twice"),
}
_CHANGED = {
    "added": _("The address was added"),
    "deleted": _("The address was deleted"),
    "joined": _("The address came into the group that the mailing was for"),
    "left": _("The address left the group that the mailing was for"),
    "unsubscribed": _("You unsubscribed"),
    "left_out": _("You were left out"),
    "sent": _("You were not left out any more"),
    "reason": _("You were left out for another reason"),
    "address": _("The address changed"),
}
_STATUS = {
    "pending": _("Waits to be sent"),
    "allocated": _("About to be sent"),
    "sending": _("Being sent"),
    "sent": _("Sent"),
    "delivered": _("Delivered"),
    "bounced": _("Came back"),
    "opened": _("Opened"),
    "clicked": _("A link was clicked"),
    "failed": _("Not sent"),
}
_FAILED = {
    "rejected": _("Your mail server refused it"),
    "retries_exhausted": _("Given up after several tries"),
    "invalid": _("The address is not valid"),
    "render_error": _("It could not be written for you"),
    "suppressed": _("The address gets no mail"),
    "cancelled": _("The mailing was cancelled"),
    "discarded": _("Staff gave it up"),
}
_HAPPENED = {
    "accepted": _("Taken by the mail service"),
    "deferred": _("Delayed"),
    "delivered": _("Delivered"),
    "opened": _("Opened"),
    "clicked": _("A link was clicked"),
    "soft_bounced": _("Came back for now"),
    "hard_bounced": _("Came back for good"),
    "rejected": _("Refused"),
    "complained": _("Reported as spam"),
    "unsubscribed": _("Unsubscribed"),
    "resubscribed": _("Subscribed again"),
    "preferences": _("Chose what to get"),
}
_HANDED_OVER = {
    "accepted": _("Taken by the mail service"),
    "deferred": _("Refused for now"),
    "rejected": _("Refused for good"),
    "service_error": _("The mail service failed"),
    "unknown": _("No reply came back"),
    "not_started": _("Not begun"),
    "restored": _("Sent before a backup was restored"),
}
_ACTOR = {
    "person": _("A person"),
    "proxy": _("A program that fetches pictures for people"),
    "machine": _("A program, such as a virus scanner"),
}

VALUES: Mapping[str, Mapping[str, Word]] = {
    "contacts.mail_consent": {
        "unknown": _("Not recorded"), "given": _("Given"), "refused": _("Refused"),
    },
    "suppressions.reason": _SUPPRESSED,
    "left_out.reason": _LEFT_OUT,
    "changed_before_launch.change": _CHANGED,
    "messages.status": _STATUS,
    "messages.failure_reason": _FAILED,
    "handed_over.outcome": _HANDED_OVER,
    "decisions.choice": {
        "was_sent": _("Counts as sent"),
        "send_again": _("Send it again"),
        "give_up": _("Give it up"),
    },
    "events.kind": _HAPPENED,
    "events.actor": _ACTOR,
    "events.state": {
        "waiting": _("Not counted yet"), "applied": _("Counted"), "given_up": _("Not counted"),
    },
    "engagement.what": {
        "sent": _("Sent to you"),
        "delivered": _("Delivered to you"),
        "opened": _("Opened"),
        "clicked": _("A link was clicked"),
        "bounced": _("Came back"),
        "unsubscribed": _("Unsubscribed"),
        "complained": _("Reported as spam"),
    },
    "sign-ups.state": {"pending": _("Not confirmed"), "confirmed": _("Confirmed")},
    "sign-ups.mail_state": {
        "waiting": _("Waits to be sent"),
        "handing": _("Being sent"),
        "sent": _("Sent"),
        "doubt": _("No reply came back"),
        "failed": _("Not sent"),
    },
}  # fmt: skip
"""By list and name; values that are not here are what they say."""
