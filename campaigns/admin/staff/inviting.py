"""Invite a user: by system mail, or by a link that is shown once, to be handed over."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from admin_kit.base import staff
from admin_kit.confirmation import Question, page, say
from admin_kit.words.moments import with_its_zone
from signin import invitations
from signin.models import Invitation
from system_mail import sending

logger = logging.getLogger(__name__)


def by_mail(user: User) -> bool:
    """Whether an invitation of the user would be mailed."""
    return bool(user.email) and sending.is_configured()


def question(user: User) -> Question:
    if by_mail(user):
        how = _("It is mailed to %(address)s.") % {"address": user.email}
    else:
        how = _(
            "It is shown to you once, to hand it over yourself, by a way that others do not read: "
            "%(why)s"
        ) % {"why": why_not_by_mail(user)}
    text = _(
        "“%(user)s” gets a link to set a password, which is good once and for %(days)s days. A "
        "link of before works no more; a password of before works until the new one is set."
    ) % {"user": user, "days": invitations.VALID_DAYS}
    details = [(_("Sent last"), told(found))] if (found := invitations.of(user)) else []
    return Question(
        _("Send “%(user)s” a link to set a password?") % {"user": user},
        f"{text} {how}",
        _("Send") if by_mail(user) else _("Show the link"),
        details=details,
    )


def why_not_by_mail(user: User) -> str:
    if not sending.is_configured():
        return _("no system mail is set up (EMAIL_HOST).")
    return _("the account has no email address.")


def told(invitation: Invitation) -> str:
    """Of an invitation that is not used yet."""
    values = {
        "at": with_its_zone(invitation.invited_at),
        "until": with_its_zone(invitation.expires_at),
        "by": invitation.invited_by or _("a deleted user"),
    }
    if invitation.is_mailed:
        return _("%(at)s by %(by)s, by mail; good until %(until)s") % values
    return _("%(at)s by %(by)s, shown to be handed over; good until %(until)s") % values


def invite(request: HttpRequest, user: User, model_admin: Any, back_url: str) -> HttpResponse:
    """Make a link, and mail or show it. Call it outside of any transaction: it waits for the mail
    server."""
    link = invitations.make(user, staff(request))
    why = _mail(user, link) if by_mail(user) else why_not_by_mail(user)
    if not why:
        invitations.was_mailed(user)
        said = _("“%(user)s” was sent a link to set a password, to %(address)s.")
        say(request, said % {"user": user, "address": user.email})
        return HttpResponseRedirect(back_url)
    context = {"link": link, "invited": user, "why": why, "days": invitations.VALID_DAYS}
    shown = page(
        request,
        model_admin,
        "admin/auth/user/link.html",
        title=_("Hand this link over"),
        original=user,
        back_url=back_url,
        **context,
    )
    shown.headers["Cache-Control"] = "no-store"
    return shown


def _mail(user: User, link: str) -> str:
    """Why it was not sent; "" when it was."""
    context = {"invited": user, "link": link, "days": invitations.VALID_DAYS}
    text = render_to_string("signin/invitation.txt", context)
    try:
        sending.send(user.email, _("Your account for email campaigns"), text)
    except sending.NotSent as error:
        logger.warning("user %s: the invitation was not mailed: %s", user.pk, error)
        return _("the mail server did not take it: %(said)s") % {"said": error}
    return ""
