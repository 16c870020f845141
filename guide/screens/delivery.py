"""The screens of email services, of what they did, and of what came back."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guide.screens.screen import Screen, Screens, of_model

SET_UP, DOMAIN, BOUNCES = (
    "set-up-an-smtp-service",
    "make-a-domain-ready",
    "unsubscribes-and-bounces",
)
MAILBOX = (BOUNCES, "reading-bounces-from-a-mailbox")
_TEST = _("Sends the message to your own inbox before anyone else gets it.")

DELIVERY: Screens = {
    **of_model(
        "dispatch_emailservice",
        _("What sends your mail: each domain or provider account, how it is, and its limits."),
        _("One service: its connection and limits, its state and why, and how it did lately."),
        SET_UP,
    ),
    "dispatch_emailservice_add": Screen(
        _("A new service: by whom it sends, from which domain, and how much at most."), SET_UP
    ),
    "dispatch_emailservice_change_provider": Screen(
        _("Which provider sends for this service; campaigns and limits stay."), SET_UP
    ),
    "dispatch_emailservice_test_connection": Screen(
        _("Connects and signs in as a message would, without sending one."), SET_UP
    ),
    "dispatch_emailservice_test_mail": Screen(_TEST, "see-a-message-first", "tests"),
    "dispatch_emailservice_send_test_mail": Screen(_TEST, "see-a-message-first", "tests"),
    "dispatch_emailservice_check_domain": Screen(
        _("Looks now whether the domain has the records that mailbox providers ask for."), DOMAIN
    ),
    "dispatch_emailservice_bounce_mailbox": Screen(
        _("The mailbox to which messages come back that could not be delivered."), *MAILBOX
    ),
    "dispatch_emailservice_test_bounce_mailbox": Screen(
        _("Signs in to the bounce mailbox and counts what is there; nothing is changed."), *MAILBOX
    ),
    "dispatch_emailservice_renew_webhook": Screen(
        _("Makes a new address for the provider's events; the old one is refused from then on."),
        SET_UP,
    ),
    "dispatch_emailservice_freeze": Screen(_("Stops the service until you unfreeze it."), SET_UP),
    "dispatch_emailservice_unfreeze": Screen(
        _("Lets a stopped service send again, once its cause is mended."), SET_UP
    ),
    **of_model(
        "dispatch_attempt",
        _("Each hand-over of a message to a server, and what the server said."),
        _("One hand-over: when, to which server, and its reply."),
        "read-a-campaigns-page",
        "one-message",
    ),
    **of_model(
        "tracking_event",
        _("What came back: delivered, opened, clicked, bounced, unsubscribed."),
        _("One thing that came back about a message, and who told it."),
        "what-is-tracked",
    ),
    **of_model(
        "tracking_rejectedrequests",
        _("Requests to the public pages that were refused, counted by day and reason."),
        _("Requests of one day that were refused for one reason."),
        "operations",
        "the-public-pages",
    ),
    "monitor": Screen(
        _("Whether all that sends is alive, and how fast: for those who run the installation."),
        "operations",
        "watching",
    ),
}
