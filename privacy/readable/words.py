"""What the names and values of an export are called for the person whom it is about.

Staff's words, such as “allocated”, tell this person nothing. What has no word here is shown as it
is kept, so that nothing is lost.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dispatch import seed_lists

Word = str | Promise

SECTIONS: Mapping[str, Word] = {
    "contacts": _("Your details"),
    "sign-ups": _("How you signed up"),
    "suppressions": _("Why this address gets no mail"),
    "messages": _("Messages to you"),
    "left_out": _("Mailings that you were left out of"),
    "changed_before_launch": _("Mailings for which something changed before they were sent"),
    "other_events": _("Reports that belong to no message"),
    "engagement": _("What is remembered of what you did with mailings"),
    seed_lists.PLURAL: _("Lists of addresses for test messages"),
    "history": _("What staff noted"),
}
"""In the order of the page, by the names that an export has for its lists."""

WITHIN: Mapping[str, Word] = {
    "handed_over": _("How it was handed to the mail service"),
    "decisions": _("What staff decided about it"),
    "events": _("What was reported about it"),
}

LABELS: Mapping[str, Word] = {
    "address": _("Address"),
    "answers": _("Your answers"),
    "answers.attributes": _("More about you"),
    "answers.name": pgettext_lazy("of a person", "Name"),
    "answers.opens": _("Consent that it is recorded when you open a message"),
    "asked_at": _("You signed up"),
    "at": pgettext_lazy("point in time", "When"),
    "attempts": _("Tries that were refused for a while"),
    "attributes": _("More about you"),
    "available_at": _("Not sent before"),
    "bounced_at": _("Came back"),
    "by_machine": _("Done by a program, such as a virus scanner"),
    "change": _("What changed"),
    "changed_at": _("Last changed"),
    "choice": _("Decision"),
    "clicked_at": _("A link was clicked"),
    "code": _("Number of the reply"),
    "confirmed_at": _("You confirmed"),
    "confirmed_network": _("Network that you confirmed from"),
    "created_at": _("Kept since"),
    "days_between": _("Days between messages, at your wish"),
    "decided_at": _("Decided"),
    "delivered_at": _("Delivered"),
    "detail": _("Details"),
    "done": _("What was done"),
    "email": _("Email address"),
    "error": _("Error"),
    "expires_at": _("To be confirmed by"),
    "failed_at": _("Given up"),
    "failure_reason": _("Why it was not sent"),
    "finished_at": _("Ended"),
    "form": _("Form"),
    "id": _("Number of the message"),
    "ip_address": _("Network"),
    "is_of_a_link": _("For one certain link"),
    "kind": _("What happened"),
    "history.kind": _("What it is about"),
    "last_at": _("Last time"),
    "mail_consent": _("Consent to get mail"),
    "mail_consent_at": _("Consent given"),
    "mail_consent_source": _("Where the consent was given"),
    "mail_state": _("Message that asks you to confirm"),
    "mailed_at": _("That message was sent"),
    "message_id": _("Message-ID"),
    "name": pgettext_lazy("of a person", "Name"),
    "network": _("Network that you signed up from"),
    "occurred_at": _("Happened"),
    "of": _("Holds for"),
    "opened_at": _("Opened"),
    "outcome": _("What came of it"),
    "owner": _("Kept by"),
    "paused_until": _("No mail before, at your wish"),
    "provider_message_id": _("Number at the mail service"),
    "raw": _("Report as it came"),
    "reason": pgettext_lazy("cause", "Reason"),
    "received_at": _("Reported"),
    "recipient": _("Recipient"),
    "reply": _("Reply of the mail service"),
    "seed_list": _("List"),
    "sender": _("Sender"),
    "sending_at": _("Handing over began"),
    "sent_at": _("Sent"),
    "service": _("Mail service"),
    "slot_at": _("Planned for"),
    "source": _("Who reported it"),
    "suppressions.source": _("Where that comes from"),
    "started_at": _("Began"),
    "state": _("State"),
    "status": _("State"),
    "subject": _("Subject"),
    "tags": _("Groups that you are in"),
    "task": _("Mailing"),
    "times": _("How often"),
    "topics": _("Topics that you chose"),
    "tracking_consent": _("Consent that it is recorded when you open a message"),
    "actor": _("By whom"),
    "url": _("Link"),
    "user_agent": _("Program that you used"),
    "variables": _("What was put into the message for you"),
    "waits_for_test": _("Waits for the end of a test"),
    "what": _("What you did"),
    "history.what": _("Entry"),
    "wording": _("What you agreed to"),
    "wording_of_opens": _("What you agreed to about opens"),
}
"""By the name of the value, or by its list and name where it means something else there."""
