"""The questions before a change of all contacts that match, and what is done then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.confirmation import Question, StyledForm
from admin_kit.typed import SearchableSelectMultiple
from campaigns import wording
from campaigns.contact_changes import asking
from campaigns.contact_changes.asking import Action
from campaigns.models import Contact, MailConsent, Operation, Tag, Task
from campaigns.wording import sentences

STAY = _("Of them, %(contacts)s will stay: chosen for a campaign that was not launched.")
UNDO_LATER = _("This can be undone afterwards, for the contacts that are not changed meanwhile.")


class ChangeForm(StyledForm):
    """Of contacts of one owner."""

    def __init__(self, data: Any, owner_id: int, asker: User) -> None:
        super().__init__(data)
        self.owner_id, self.asker = owner_id, asker


class RemoveTagsForm(ChangeForm):
    tags = forms.ModelMultipleChoiceField(
        label=_("Tags"),
        queryset=Tag.objects.none(),
        widget=SearchableSelectMultiple({"data-placeholder": _("Choose…")}),
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        field: Any = self.fields["tags"]
        field.queryset = Tag.objects.filter(owner=self.owner_id)

    def names(self) -> str:
        return wording.listed(tag.name for tag in self.cleaned_data["tags"])


class AddTagsForm(RemoveTagsForm):
    new = forms.CharField(
        label=_("New tag"),
        required=False,
        max_length=100,
        help_text=_("Made first, and added together with those chosen above."),
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.fields["tags"].required = False
        if not self.asker.has_perm("campaigns.add_tag"):
            del self.fields["new"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        name = cleaned.get("new", "")
        if not cleaned.get("tags") and not name and not self.errors:
            raise ValidationError(gettext("Choose a tag, or name a new one."))
        return cleaned

    def all_tags(self) -> list[Tag]:
        """With the new one, which is made now, unless there is one of its name."""
        found = list(self.cleaned_data["tags"])
        if name := self.cleaned_data.get("new"):
            same = Tag.objects.filter(owner=self.owner_id, name__iexact=name).first()
            found.append(same or Tag.objects.create(owner_id=self.owner_id, name=name))
        return list({tag.pk: tag for tag in found}.values())


class ConsentForm(ChangeForm):
    consent = forms.ChoiceField(label=_("Consent"), choices=MailConsent.choices)
    at = forms.DateTimeField(
        label=_("Since when"),
        widget=forms.TextInput(),
        help_text=_("When they agreed or refused, such as 2026-03-01 09:30."),
    )
    source = forms.CharField(
        label=_("Where"),
        max_length=200,
        help_text=_("Where they said so, such as “fair in Malmö, paper form”."),
    )
    for_refused = forms.BooleanField(
        required=False,
        label=_("Also change contacts who refused"),
        help_text=_("Otherwise those who did not agree to be mailed stay as they are."),
    )

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.fields["at"].initial = timezone.localtime().strftime("%Y-%m-%d %H:%M")

    def clean_at(self) -> Any:
        at = self.cleaned_data["at"]
        if at > timezone.now():
            raise ValidationError(gettext("This is in the future."))
        return at


@dataclass(frozen=True, slots=True)
class Change:
    """A change that staff can ask for. `do` raises asking.NotPossible."""

    action: Action
    permission: str
    form: type[ChangeForm]
    question: Callable[[QuerySet[Contact], int], Question]
    do: Callable[[QuerySet[Contact], Any], Operation]

    @property
    def path(self) -> str:
        return self.action.value.replace("_", "-")


def _ask_to_add(contacts: QuerySet[Contact], total: int) -> Question:
    title = gettext("Add tags to %(contacts)s?") % {"contacts": wording.contacts(total)}
    return Question(
        title,
        sentences(gettext("Those who have a tag already keep it."), UNDO_LATER),
        gettext("Add tags"),
    )


def _ask_to_remove(contacts: QuerySet[Contact], total: int) -> Question:
    title = gettext("Remove tags from %(contacts)s?") % {"contacts": wording.contacts(total)}
    return Question(
        title,
        sentences(gettext("The contacts stay."), UNDO_LATER),
        gettext("Remove tags"),
    )


def _ask_for_consent(contacts: QuerySet[Contact], total: int) -> Question:
    refused = contacts.filter(mail_consent=MailConsent.REFUSED).count()
    warnings = (
        [
            gettext("Of them, %(contacts)s refused to be mailed.")
            % {"contacts": wording.contacts(refused)}
        ]
        if refused
        else []
    )
    return Question(
        gettext("Set the consent of %(contacts)s?") % {"contacts": wording.contacts(total)},
        sentences(gettext("Suppressed addresses stay suppressed all the same."), UNDO_LATER),
        gettext("Set consent"),
        warnings=warnings,
    )


def _ask_to_delete(contacts: QuerySet[Contact], total: int) -> Question:
    in_use = (
        Task.contacts.through.objects.filter(
            contact__in=contacts.values("pk"), task__status__in=asking.NOT_LAUNCHED
        )
        .values("contact")
        .distinct()
        .count()
    )
    return Question(
        gettext("Delete %(contacts)s?") % {"contacts": wording.contacts(total)},
        gettext(
            "Their attributes and tags are lost. This cannot be undone. What was sent to them "
            "stays recorded, and suppressed addresses stay suppressed."
        ),
        gettext("Delete"),
        warnings=[STAY % {"contacts": wording.contacts(in_use)}] if in_use else [],
        danger=True,
    )


def _add(contacts: QuerySet[Contact], form: AddTagsForm) -> Operation:
    tags = form.all_tags()
    names = wording.listed(tag.name for tag in tags)
    return asking.tags(Action.ADD_TAGS, contacts, [tag.pk for tag in tags], names, form.asker)


def _remove(contacts: QuerySet[Contact], form: RemoveTagsForm) -> Operation:
    keys = [tag.pk for tag in form.cleaned_data["tags"]]
    return asking.tags(Action.REMOVE_TAGS, contacts, keys, form.names(), form.asker)


def _consent(contacts: QuerySet[Contact], form: ConsentForm) -> Operation:
    entered = dict(form.cleaned_data)
    wanted = asking.Consent(
        MailConsent(entered["consent"]), entered["at"], entered["source"], entered["for_refused"]
    )
    return asking.consent(contacts, wanted, form.asker)


def _delete(contacts: QuerySet[Contact], form: ChangeForm) -> Operation:
    return asking.deletion(contacts, form.asker)


CHANGE, DELETE = "campaigns.change_contact", "campaigns.delete_contact"
CHANGES = {
    change.action: change
    for change in (
        Change(Action.ADD_TAGS, CHANGE, AddTagsForm, _ask_to_add, _add),
        Change(Action.REMOVE_TAGS, CHANGE, RemoveTagsForm, _ask_to_remove, _remove),
        Change(Action.SET_CONSENT, CHANGE, ConsentForm, _ask_for_consent, _consent),
        Change(Action.DELETE, DELETE, ChangeForm, _ask_to_delete, _delete),
    )
}
