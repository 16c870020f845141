"""The screens on which messages are written."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guide.screens.screen import Screen, Screens, of_model

WRITE, BLOCKS, SEE = "write-a-template", "write-with-blocks", "see-a-message-first"
LOOK = (BLOCKS, "say-once-how-messages-look")
PICTURES, SENDERS = "put-pictures-into-messages", "launch-a-campaign"

CONTENT: Screens = {
    **of_model(
        "campaigns_template",
        _("The messages you write: a campaign sends one or several of them."),
        _("One message: its subject and text, beside it as a contact of yours gets it."),
        WRITE,
    ),
    "campaigns_template_starters": Screen(
        _("Every way to begin a message; nothing is saved before you save it."), WRITE
    ),
    "campaigns_template_write_in_blocks": Screen(_("Begins a message of blocks."), BLOCKS),
    "campaigns_template_preview": Screen(
        _("The message as one of your contacts gets it, made by the code that sends it."), SEE
    ),
    "campaigns_template_send_test": Screen(
        _("Sends the message to you or a seed list before anyone else gets it."), SEE, "tests"
    ),
    "campaigns_template_checklist": Screen(
        _("What may be wrong with the message, what that means, and how to mend it."),
        "mend-what-the-checklist-finds",
    ),
    "campaigns_template_duplicate": Screen(_("Makes a copy of the template to change."), WRITE),
    "campaigns_template_versions": Screen(
        _("How the template was at each time it was saved."), WRITE
    ),
    "campaigns_template_version": Screen(
        _("What has changed since this version, and the way back to it."), WRITE
    ),
    "campaigns_template_restore": Screen(_("Brings an earlier version back."), WRITE),
    "campaigns_template_convert_to_mjml": Screen(
        _("Makes MJML of the blocks; there is no way back."), BLOCKS, "go-on-in-mjml-or-html"
    ),
    "campaigns_template_convert_to_html": Screen(
        _("Makes HTML of the message; there is no way back."), BLOCKS, "go-on-in-mjml-or-html"
    ),
    **of_model(
        "campaigns_savedblock",
        _("Blocks that you kept, to use them again in other messages."),
        _("One kept block: its name, and how it looks in a message."),
        BLOCKS,
        "use-a-block-again",
    ),
    **of_model(
        "campaigns_brand",
        _("How messages and public pages look: logo, colours, font and footer, said once for all."),
        _("One look: messages in blocks and public pages take it, and follow when you change it."),
        *LOOK,
    ),
    **of_model(
        "campaigns_image",
        _("Pictures for your messages, each with an address that never changes."),
        _("One picture: its address, and the words for readers who do not see it."),
        PICTURES,
    ),
    "campaigns_image_choose": Screen(_("Choose a picture for your message, or add one."), PICTURES),
    **of_model(
        "campaigns_sender",
        _("Whom your messages are from: names, addresses and postal addresses."),
        _("One sender: the name and address in front of your messages."),
        SENDERS,
    ),
    **of_model(
        "dispatch_seedlist",
        _("Addresses that tests are sent to, such as those of colleagues."),
        _("One list of up to 20 addresses for tests."),
        SEE,
        "tests",
    ),
}
