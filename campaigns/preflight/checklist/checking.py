"""The checklist of a template, and of what a campaign would send."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from campaigns import audience, wording
from campaigns.ab_tests.variants import letter
from campaigns.launching import frozen_content
from campaigns.models import ABTest, Brand, Contact, Content, Sender, Task, TaskTemplate, Template
from campaigns.models.content import TemplateFormat
from campaigns.preflight import merge_fields, notices, samples
from campaigns.preflight.checklist import work
from campaigns.preflight.checklist.findings import (
    Finding,
    Level,
    Page,
    Place,
    in_order,
    of_level,
)
from campaigns.preflight.checklist.message import Written, listed, texts_in
from campaigns.preflight.merge_fields import MergeFieldReport
from campaigns.rendering import content
from sandbox import Failed, LimitReached

TRIED = 5
"""For so many contacts a message is rendered, as long as that takes little."""
MOST_SECONDS = 0.4
GMAIL_CLIPS_AT = 102 * 1024
"""Bytes of HTML, after which Gmail shows "[Message clipped]" and a link to the rest."""
FEW = 0.5
"""A variable that fewer contacts have is told."""
_CHINA = Q(email__iendswith=".cn") | Q(email__iendswith=".xn--fiqs8s")
for _key in ("language", "lang", "locale"):
    _CHINA |= Q(**{f"attributes__{_key}__iregex": r"^(zh([-_](cn|sg|hans).*)?|chinese|中文)$"})
for _key in ("country", "country_code"):
    _CHINA |= Q(**{f"attributes__{_key}__iregex": r"^(cn|chn|china|prc|中国|中國)$"})


@dataclass(frozen=True, slots=True)
class Draft:
    """What is checked: a template as a campaign would send it, saved or not."""

    task: Task
    choice: TaskTemplate
    of: str = ""

    @property
    def template(self) -> Template:
        return self.choice.template

    @property
    def sender(self) -> Sender | None:
        return self.choice.sender or self.task.sender

    def written(self) -> Written:
        template = self.template
        return Written(
            subject=self.choice.subject or template.subject,
            preview_text=self.choice.preview_text or template.preview_text,
            html=template.html,
            text=template.text,
            kind=template.format,
            mjml=template.mjml if template.format == TemplateFormat.MJML else "",
            blocks=_blocks(template) if template.format == TemplateFormat.BLOCKS else [],
        )


def of_template(template: Template, sender: Sender | None = None) -> list[Finding]:
    """For the owner's newest contacts, and the sender that it would have."""
    sender = sender or samples.usual_sender(template)
    task = Task(owner_id=template.owner_id, sender=sender)
    draft = Draft(task, TaskTemplate(task=task, template=template))
    contacts = Contact.objects.filter(owner=template.owner_id)
    newest = contacts.order_by("-pk").values("pk")[: merge_fields.NEWEST]
    report = merge_fields.report_for_owner(template)
    found = [*_of_report(report), *_of(draft, contacts.filter(pk__in=newest))]
    return in_order(replace(each, template_id=template.pk or 0) for each in found)


def of_task(task: Task, recipients: QuerySet[Contact], report: MergeFieldReport) -> list[Finding]:
    """Each of its variants, for those who would get a message."""
    found = [*_of_report(report)]
    for draft in _drafts(task):
        found += (_in_campaign(finding, draft) for finding in _of(draft, recipients))
    return in_order(found)


def _in_campaign(finding: Finding, draft: Draft) -> Finding:
    """Subject and preview text are the campaign's where it says them otherwise."""
    own = {name for name in ("subject", "preview_text") if getattr(draft.choice, name)}
    places = tuple(
        replace(place, in_campaign=True) if place.field in own else place
        for place in finding.places
    )
    template, task = draft.template.pk, draft.task.pk
    return replace(finding, of=draft.of, places=places, template_id=template, task_id=task)


def written_of(task: Task) -> list[Written]:
    """What each of its variants says, with what a campaign says otherwise."""
    return [draft.written() for draft in _drafts(task)]


def blockers(task: Task) -> list[str]:
    """What keeps a task from being launched, in sentences. Tried for few of its audience."""
    people = audience.mailable(audience.contacts_of(task))
    found = of_task(task, people, merge_fields.NO_FIELDS)
    return [f"{each.name} {each.mend}" for each in of_level(found, Level.BLOCKER)]


def _drafts(task: Task) -> list[Draft]:
    choices = TaskTemplate.objects.filter(task=task).select_related("template", "sender")
    rows = list(choices.order_by("pk"))
    if len(rows) < 2:
        return [Draft(task, row) for row in rows]
    is_test = ABTest.objects.filter(task=task).exists()
    return [
        Draft(task, row, _variant(letter(n) if is_test else str(n + 1), row))
        for n, row in enumerate(rows)
    ]


def _variant(number: str, row: TaskTemplate) -> str:
    return gettext("Variant %(number)s (%(template)s)") % {"number": number, "template": _said(row)}


def _said(row: TaskTemplate) -> str:
    return f"{row.template}, {row.language}" if row.language else str(row.template)


def _of(draft: Draft, contacts: QuerySet[Contact]) -> Iterator[Finding]:
    written = draft.written()
    yield from _of_notices(written)
    frozen = None
    try:
        frozen = _frozen(draft)
    except content.TemplateError as error:
        yield _cannot_be_made(error)
    except Failed:
        yield _not_now()
    yield from _of_sources(draft, written, frozen, contacts)
    if frozen is not None:
        yield from _of_rendering(frozen, contacts)


def _frozen(draft: Draft) -> Content | None:
    """What a launch would freeze, with as many links as it will have. None without a sender."""
    if draft.sender is None or not draft.written().subject.strip():
        return None
    made = frozen_content.compile_content(draft.task, draft.choice).content
    made.link_ids = [0] * made.html.count("{{ edm_link_")
    return made


def _of_sources(
    draft: Draft, written: Written, frozen: Content | None, contacts: QuerySet[Contact]
) -> list[Finding]:
    brand = Brand.objects.filter(owner=draft.task.owner_id).first()
    asks = brand is not None and brand.asks_for_label
    rest: dict[str, Any] = {
        "frozen_html": frozen.html if frozen else "",
        "frozen_text": frozen.text if frozen else "",
        "postal_address": draft.sender.postal_address if draft.sender else "",
        "asks_for_label": asks,
        "in_china": contacts.filter(_CHINA).count() if asks else 0,
    }
    try:
        return work.of_message(asdict(written), rest)
    except (LimitReached, Failed):
        return [_too_much()]


def _too_much() -> Finding:
    return Finding(
        "not_checked",
        Level.WARNING,
        gettext("The message could not be checked whole: it takes too long."),
        gettext("Nothing is known of its links, images and styles."),
        gettext("Make it smaller: mail programs show so much badly, too."),
    )


def _not_now() -> Finding:
    return Finding(
        "not_made",
        Level.BLOCKER,
        gettext("The message could not be made just now."),
        gettext("That is not its fault."),
        gettext("Try again in a moment."),
    )


def _cannot_be_made(error: content.TemplateError) -> Finding:
    return Finding(
        "not_made",
        Level.BLOCKER,
        gettext("The message cannot be made. %(error)s") % {"error": error},
        gettext("It fails for every recipient: nothing could be sent."),
        gettext("Mend what is named."),
        (Place(error.part, error.line or 0),),
    )


def _of_notices(written: Written) -> Iterator[Finding]:
    for odd in notices.braces_in(written):
        yield Finding(
            "braces",
            Level.WARNING,
            odd.text,
            gettext("Every recipient reads the braces."),
            gettext(
                "Write the variable with two braces on each side, without blanks between them."
            ),
            (Place(odd.field, odd.line),),
        )
    for notice in notices.of_html(written.html):
        yield Finding(
            "shown_addresses",
            Level.NOTE,
            notice,
            gettext("They work."),
            gettext("Nothing has to be done."),
        )


def _of_report(report: MergeFieldReport) -> Iterator[Finding]:
    for warning in report.warnings:
        yield Finding(
            "variables",
            Level.WARNING,
            warning,
            gettext("There is a gap in every message, or what stands there instead."),
            gettext("Correct the name, or import the values."),
            page=Page.ATTRIBUTES,
        )
    few = [
        gettext("%(variable)s (%(having)s of %(total)s)")
        % {
            "variable": merge_fields.written(path),
            "having": f"{report.total - empty:,}",
            "total": f"{report.total:,}",
        }
        for path, empty in report.empty.items()
        if report.total > empty > FEW * report.total
    ]
    if few:
        yield Finding(
            "few_have",
            Level.NOTE,
            gettext("Few contacts have %(variables)s.") % {"variables": listed(few)},
            gettext("The others read what stands there instead, or a gap."),
            gettext('Say what else is to stand there: {{ first_name | default: "friend" }}.'),
            page=Page.ATTRIBUTES,
        )


def _of_rendering(frozen: Content, contacts: QuerySet[Contact]) -> Iterator[Finding]:
    made, errors = _rendered(frozen, contacts)
    if errors:
        yield _cannot_be_rendered(errors, bool(made))
    empty = [each for each in made if not each.subject.strip()]
    if empty:
        text = (
            gettext("The subject is empty for everyone tried: %(empty)s of %(contacts)s.")
            if len(empty) == len(made)
            else gettext("The subject is empty for some who were tried: %(empty)s of %(contacts)s.")
        )
        yield Finding(
            "empty_subject",
            Level.BLOCKER if len(empty) == len(made) else Level.WARNING,
            text % {"empty": len(empty), "contacts": wording.contacts(len(made))},
            gettext("Inboxes show “(no subject)”, and filters take such a message for spam."),
            gettext("Write words that are the same for everyone, or a default."),
            (Place("subject", 1),),
        )
    largest = max((len(bytes(each.html_pieces)) for each in made), default=0)
    if largest > GMAIL_CLIPS_AT:
        yield _too_large(largest)


def _rendered(
    frozen: Content, contacts: QuerySet[Contact]
) -> tuple[list[content.Rendered], list[str]]:
    people: Sequence[Contact | None] = list(contacts.order_by("-pk")[:TRIED]) or [None]
    made: list[content.Rendered] = []
    errors: list[str] = []
    spent = 0.0
    for contact in people:
        try:
            made.append(content.render(frozen, samples.variables(frozen, contact)))
            spent += made[-1].cpu_seconds
        except content.ContentError as error:
            errors.append(str(error))
            spent += getattr(error, "cpu_seconds", 0.0)
        except Failed:
            continue
        if spent > MOST_SECONDS:
            break
    return made, errors


def _cannot_be_rendered(errors: Sequence[str], some_can: bool) -> Finding:
    text = (
        gettext("The message cannot be made for %(contacts)s of those who were tried. %(problem)s")
        if some_can
        else gettext("The message cannot be made for anyone who was tried. %(problem)s")
    )
    return Finding(
        "not_rendered",
        Level.WARNING if some_can else Level.BLOCKER,
        text % {"contacts": wording.contacts(len(errors)), "problem": errors[0]},
        gettext("Those for whom it fails get none."),
        gettext("Mend what is named, or the values of these contacts."),
    )


def _too_large(size: int) -> Finding:
    return Finding(
        "size",
        Level.WARNING,
        gettext("The HTML has %(size)s kB, with its styles in place and its links rewritten.")
        % {"size": f"{size // 1024:,}"},
        gettext(
            "Gmail cuts a message off after 102 kB and hides the rest behind a link, the "
            "unsubscribe "
            "link and the image that counts opens among it."
        ),
        gettext(
            "Take out what repeats itself: styles, comments, blanks at the beginnings of lines."
        ),
    )


def _blocks(template: Template) -> list[tuple[str, list[str]]]:
    stored = template.blocks if isinstance(template.blocks, dict) else {}
    return [(str(block.get("id", "")), list(texts_in(block))) for block in stored.get("blocks", [])]
