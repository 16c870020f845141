"""The screens of staff and of one's own account, and the start page."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guide.screens.screen import Screen, Screens, of_model

USERS, TEAMS, SIGN_IN, PROFILE = (
    "add-users", "share-with-a-team", "sign-in-safely", "set-your-profile",
)  # fmt: skip
SECOND, SESSIONS = (SIGN_IN, "a-second-factor"), (SIGN_IN, "your-sessions")
HISTORY = "see-who-did-what"
_PASSWORD = _("Sets the password that you sign in with.")

STAFF: Screens = {
    "index": Screen(
        _("What needs you, what is being sent, and how your last campaigns did."), "staff"
    ),
    "app_list": Screen(_("The lists of one part of the site."), "staff"),
    **of_model(
        "auth_user",
        _("Who may sign in here, and in which role."),
        _("One account: its role, its teams, and the link to set a password."),
        USERS,
    ),
    "auth_user_invite": Screen(_("Sends a link by which the user sets a password."), USERS),
    "auth_user_take_invitation_back": Screen(_("Makes the open link of a user worthless."), USERS),
    "auth_user_password_change": Screen(_("Sets the password of another user."), USERS),
    "auth_user_reset_second_factor": Screen(
        _("Lets a user sign in who has lost app, key and codes."), *SECOND
    ),
    **of_model(
        "auth_group",
        _("The roles of staff, and what each may do."),
        _("One role, and what users in it may do."),
        USERS,
    ),
    **of_model(
        "access_team",
        _("Staff who share contacts, templates, campaigns and services."),
        _("One team: its name and its members."),
        TEAMS,
    ),
    **of_model(
        "signin_signin",
        _("Who tried to sign in, from where, and whether it worked."),
        _("One attempt to sign in."),
        SIGN_IN,
    ),
    **of_model(
        "admin_logentry",
        _("Who did what, and when, newest first."),
        _("One thing that was done."),
        HISTORY,
    ),
    "own_profile": Screen(_("Your name, your language and your time zone."), PROFILE),
    "own_notices": Screen(
        _("What you are told while you are away, and how."), "be-told-what-happens"
    ),
    "own_password": Screen(_PASSWORD, SIGN_IN),
    "password_change": Screen(_PASSWORD, SIGN_IN),
    "password_change_done": Screen(_("Your new password holds from now on."), SIGN_IN),
    "sign_in_sessions": Screen(_("Where you are signed in, and the way to end it."), *SESSIONS),
    "mfa_index": Screen(_("A second proof that it is you, besides the password."), *SECOND),
    "mfa_activate_totp": Screen(_("Sets up an app that shows a code for each sign-in."), *SECOND),
    "mfa_deactivate_totp": Screen(_("Takes the app for codes off your account."), *SECOND),
    "mfa_view_recovery_codes": Screen(
        _("Codes that open the door once each, when app and key are lost."), *SECOND
    ),
    "mfa_generate_recovery_codes": Screen(_("Replaces your recovery codes by new ones."), *SECOND),
    "mfa_list_webauthn": Screen(_("The security keys that you sign in with."), *SECOND),
    "mfa_add_webauthn": Screen(_("Adds a security key to sign in with."), *SECOND),
    "mfa_edit_webauthn": Screen(_("Gives a security key another name."), *SECOND),
    "mfa_remove_webauthn": Screen(_("Takes a security key off your account."), *SECOND),
}
