"""The screens of contacts and of what chooses among them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guide.screens.screen import Screen, Screens, of_model

KEEP, IMPORT, CHOOSE = "keep-contacts", "import-contacts", "choose-whom-to-mail"
ALL = (KEEP, "change-all-that-match")
EXPORT, SUPPRESS, SIGN_UP = (
    "export-contacts-and-results",
    "keep-the-suppression-list",
    "let-people-sign-up",
)
TYPES = (KEEP, "change-what-attributes-are")

AUDIENCE: Screens = {
    **of_model(
        "campaigns_contact",
        _("The people you may write to: who can be mailed, and who not and why."),
        _("One person: whether mail may be sent, what is known, and what was sent."),
        KEEP,
    ),
    "campaigns_contact_add_tags": Screen(_("Adds tags to all contacts that match."), *ALL),
    "campaigns_contact_remove_tags": Screen(_("Takes tags off all contacts that match."), *ALL),
    "campaigns_contact_set_consent": Screen(
        _("Records for all contacts that match whether they agreed to be mailed."), *ALL
    ),
    "campaigns_contact_delete": Screen(_("Deletes all contacts that match, for good."), *ALL),
    "campaigns_contact_undo": Screen(_("Takes a change of many contacts back."), *ALL),
    "campaigns_contact_export_matching": Screen(
        _("Makes a file of all contacts that match."), EXPORT
    ),
    "campaigns_contact_export_file": Screen(_("Makes a file of all of your contacts."), EXPORT),
    "campaigns_contact_imports": Screen(
        _("Every import of contacts: how far it is, and what came of it."), IMPORT
    ),
    "campaigns_contact_import_file": Screen(
        _("The first of five steps to bring contacts in; nothing changes before the last."), IMPORT
    ),
    "campaigns_contact_import_columns": Screen(
        _("What was understood of the file: correct what a column means before it comes in."),
        IMPORT,
        "columns",
    ),
    "campaigns_contact_import_options": Screen(
        _("What becomes of contacts that exist, and what all in the file get."),
        IMPORT,
        "contacts-that-exist",
    ),
    "campaigns_contact_import_check": Screen(
        _("The exact numbers of what the import would do; nothing has changed yet."), IMPORT
    ),
    "campaigns_contact_import": Screen(
        _("How far the import is, what came in, and what was rejected and why."), IMPORT
    ),
    "campaigns_contact_import_cancel": Screen(
        _("Stops the import; what came in already stays."), IMPORT
    ),
    "campaigns_contact_import_discard": Screen(
        _("Deletes an uploaded file that was not imported."), IMPORT
    ),
    "campaigns_contact_import_undo": Screen(
        _("Removes the contacts that the import made and that are not used since."), IMPORT, "undo"
    ),
    **of_model(
        "campaigns_segment",
        _("Conditions with a name, such as “opened in the last 30 days”, that make an audience."),
        _("One condition on your contacts, and how many it holds now."),
        CHOOSE,
    ),
    "campaigns_segment_duplicate": Screen(_("Makes a copy of the segment to change."), CHOOSE),
    "campaigns_segment_split": Screen(
        _("Makes segments of about the same size of this one."), CHOOSE, "split-it-at-random"
    ),
    "campaigns_segment_export": Screen(_("Makes a file of the contacts of this segment."), EXPORT),
    **of_model(
        "campaigns_tag",
        _("Words that group your contacts by hand."),
        _("One tag: its name, and the tag that it is under."),
        KEEP,
        "tags",
    ),
    "campaigns_tag_merge": Screen(_("Makes one tag of several."), KEEP, "tags"),
    **of_model(
        "campaigns_attribute",
        _("What your contacts have beyond name and address, and of which type it is."),
        _("One attribute of your contacts: its name and type."),
        *TYPES,
    ),
    "campaigns_attribute_change_type": Screen(
        _("Makes another type of the values of all your contacts."), *TYPES
    ),
    "campaigns_attribute_rename": Screen(
        _("Gives the attribute another name with all your contacts."), *TYPES
    ),
    "campaigns_attribute_delete_values": Screen(
        _("Takes the attribute and its values off all your contacts."), *TYPES
    ),
    **of_model(
        "campaigns_suppression",
        _("Addresses and domains that are never mailed, by any campaign."),
        _("One address or domain that is never mailed, and why."),
        SUPPRESS,
    ),
    "campaigns_suppression_add_many": Screen(
        _("Puts a list of addresses on the suppression list."), SUPPRESS
    ),
    "campaigns_suppression_import_file": Screen(
        _("Puts the addresses of a file on the suppression list."), SUPPRESS, "from-a-file"
    ),
    "campaigns_suppression_export_file": Screen(
        _("Makes a file of the suppression list."), SUPPRESS, "to-a-file"
    ),
    **of_model(
        "campaigns_operation",
        _("Long work that goes on in the background: imports, exports, changes of many contacts."),
        _("How far one piece of work is, and what came of it."),
        *ALL,
    ),
    "campaigns_operation_cancel": Screen(_("Stops work in the background."), *ALL),
    **of_model(
        "signup_signupform",
        _("Forms by which people ask for your mail themselves."),
        _("One form: what it says, what it asks for, and where people find it."),
        SIGN_UP,
    ),
    **of_model(
        "signup_signup",
        _("The record of each sign-up, which is the proof of consent."),
        _("One sign-up: what the person read, answered and confirmed."),
        SIGN_UP,
        "what-happens-then",
    ),
    "privacy": Screen(
        _("Gives people what is known of their address, or forgets it, as the law lets them ask."),
        "export-or-erase-an-address",
    ),
}
