"""The screens of campaigns and their messages."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guide.screens.screen import Screen, Screens, of_model

LAUNCH, READ, DOUBT = "launch-a-campaign", "read-a-campaigns-page", "decide-what-is-in-doubt"
WHO = (LAUNCH, "who-gets-it")
WHILE = (LAUNCH, "while-it-is-sent")
AGAIN = ("choose-whom-to-mail", "mail-those-who-did-not-react")

_QUESTION = _(
    "The last look before it is sent: who gets it, who is left out, and what may be wrong."
)
_AT_A_TIME = _("The last look before it is scheduled: when, who gets it, and what may be wrong.")
_DECIDE = _("Settles what became of messages that were handed over without a reply.")
_DRAFT_FOR = _("Makes a draft for these people, with the same content; nothing is sent yet.")

CAMPAIGNS: Screens = {
    **of_model(
        "campaigns_task",
        _("All campaigns: how far each is, its rates, and why it waits."),
        _("One campaign: its settings until it is launched, and then what became of it."),
        READ,
    ),
    "campaigns_task_add": Screen(
        _("All settings of a new campaign on one page; nothing is sent before you launch it."),
        LAUNCH,
    ),
    "campaigns_task_steps": Screen(
        _("The first of five steps to a campaign: a name, and who gets it."), LAUNCH
    ),
    "campaigns_task_step": Screen(_("Goes on with the first step that lacks something."), LAUNCH),
    "campaigns_task_step_audience": Screen(
        _("Step 1 of 5: who gets the campaign, and how many that is."), "choose-whom-to-mail"
    ),
    "campaigns_task_step_content": Screen(
        _("Step 2 of 5: what it says, and how a contact of yours will see it."), LAUNCH
    ),
    "campaigns_task_step_delivery": Screen(
        _("Step 3 of 5: when it is sent, by which services, and what is recorded."), LAUNCH
    ),
    "campaigns_task_step_check": Screen(
        _("Step 4 of 5: what is missing or may be wrong, and a test message to yourself."),
        "mend-what-the-checklist-finds",
    ),
    "campaigns_task_step_launch": Screen(_QUESTION, *WHO),
    "campaigns_task_step_schedule": Screen(_AT_A_TIME, *WHO),
    "campaigns_task_launch": Screen(_QUESTION, *WHO),
    "campaigns_task_schedule": Screen(_AT_A_TIME, *WHO),
    "campaigns_task_unschedule": Screen(
        _("Makes a draft of a scheduled campaign again, so that it is not launched by itself."),
        LAUNCH,
    ),
    "campaigns_task_recipients": Screen(
        _("The people behind a number: who gets the campaign, or is left out and why."), *WHO
    ),
    "campaigns_task_people": Screen(
        _("How many would get the campaign now, and how many are left out and why."), *WHO
    ),
    "campaigns_task_preview": Screen(
        _("The message as one of your contacts gets it, made by the code that sends it."),
        "see-a-message-first",
    ),
    "campaigns_task_ask_approval": Screen(
        _("Asks a second person to approve the campaign before it is launched."),
        "have-campaigns-approved",
    ),
    "campaigns_task_approve": Screen(
        _("Lets exactly this campaign be launched, after you have looked at it."),
        "have-campaigns-approved",
    ),
    "campaigns_task_send_back": Screen(
        _("Tells the person who asked what to change before you approve the campaign."),
        "have-campaigns-approved",
    ),
    "campaigns_task_pause": Screen(
        _("Holds back what is not handed over yet, until you resume the campaign."), *WHILE
    ),
    "campaigns_task_resume": Screen(_("Goes on where the campaign was paused."), *WHILE),
    "campaigns_task_cancel": Screen(
        _("Ends a campaign for good; what is sent stays sent."), *WHILE
    ),
    "campaigns_task_retry_failed": Screen(
        _("Sends the messages again that failed and may still arrive."), *WHILE
    ),
    "campaigns_task_clone": Screen(
        _("Makes a new draft like this campaign; nothing is sent."), *WHILE
    ),
    "campaigns_task_decide_test": Screen(
        _("Chooses what the rest of the campaign gets, before the test does it by itself."),
        "test-two-versions",
    ),
    "campaigns_task_report": Screen(
        _("The results of a campaign on one page, to print or to save as a PDF."), READ
    ),
    "campaigns_task_languages": Screen(
        _("What became of the campaign in each of its languages."), "write-in-several-languages"
    ),
    "campaigns_task_export_results": Screen(
        _("Makes a file of what became of each message, or of what came back."),
        "export-contacts-and-results",
    ),
    "campaigns_task_mail_not_opened": Screen(_DRAFT_FOR, *AGAIN),
    "campaigns_task_mail_not_clicked": Screen(_DRAFT_FOR, *AGAIN),
    "campaigns_task_mail_not_sent": Screen(_DRAFT_FOR, *AGAIN),
    "campaigns_task_split_audience": Screen(
        _("Makes segments of about the same size of the campaign's audience."),
        "choose-whom-to-mail",
        "split-it-at-random",
    ),
    "click_map": Screen(_("How many people followed each link, shown on the message."), READ),
    **of_model(
        "campaigns_subtask",
        _("Every message of your campaigns, one line for each recipient."),
        _("One message to one recipient: each hand-over, the server's reply, what came back."),
        READ,
        "one-message",
    ),
    "campaigns_subtask_message": Screen(
        _("The message as it was sent to this recipient."), READ, "one-message"
    ),
    "campaigns_subtask_retry_this": Screen(_("Sends this failed message again."), *WHILE),
    "campaigns_subtask_in_doubt": Screen(
        _("Messages that were handed over without a reply, for you to decide."), DOUBT
    ),
    "campaigns_subtask_in_doubt_decide": Screen(_DECIDE, DOUBT),
    "campaigns_subtask_was_sent_this": Screen(_DECIDE, DOUBT),
    "campaigns_subtask_send_again_this": Screen(_DECIDE, DOUBT),
    "campaigns_subtask_give_up_this": Screen(_DECIDE, DOUBT),
    "found_messages": Screen(
        _("Answers “did Ada get it?” over all campaigns."), READ, "one-message"
    ),
}
