"""What is asked before an attribute of all contacts is changed."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from admin_kit.confirmation import Question
from campaigns.attributes import change, looking
from campaigns.models import Attribute, AttributeKind, Segment, Template
from campaigns.segments import fields, tree

IN_THE_CLUSTER = _("It is done in the background, contact by contact.")
RUNNING = _(
    "A change of this attribute is under way. Wait for its end, or cancel it on the page “Work”."
)
MOST_NAMED = 5


def of_type(attribute: Attribute, kind: str, choices: Sequence[str]) -> Question:
    look = looking.look(attribute, kind, choices)
    label = str(AttributeKind(kind).label)
    warnings = []
    if look.unfit:
        warnings = [
            ngettext(
                "%(unfit)s value of %(having)s would not convert. What does not stays as it is, "
                "and is listed at the end.",
                "%(unfit)s values of %(having)s would not convert. What does not stays as it is, "
                "and is listed at the end.",
                look.unfit,
            )
            % {"unfit": f"{look.unfit:,}", "having": f"{look.having:,}"},
            *look.reasons,
        ]
    return Question(
        gettext("Make “%(attribute)s” of the type “%(kind)s”?")
        % {"attribute": attribute, "kind": label.lower()},
        gettext(
            "Every contact's value is changed into one of the type. %(how)s Change "
            "the type back to undo it: values then have the form in which pages show them, so "
            "1,50 that became the number 1.5 is the text 1.5."
        )
        % {"how": IN_THE_CLUSTER},
        gettext("Change the type"),
        details=[(gettext("Type"), label), (gettext("Looked at"), _looked_at(look))],
        problems=_problems(attribute),
        warnings=warnings,
        hidden={"kind": [kind], "choices": ["\n".join(choices)]},
    )


def of_name(attribute: Attribute, key: str) -> Question:
    return Question(
        gettext("Rename “%(key)s” to “%(new)s”?") % {"key": attribute.key, "new": key},
        gettext(
            "Templates then have it as {{ %(key)s }}. %(how)s A contact that has a "
            "value of the new name already keeps both."
        )
        % {"key": key, "how": IN_THE_CLUSTER},
        gettext("Rename it"),
        details=[(gettext("Looked at"), _looked_at(looking.look(attribute, AttributeKind.TEXT)))],
        problems=_problems(attribute),
        warnings=_uses(attribute),
        hidden={"key": [key]},
    )


def of_deletion(attribute: Attribute) -> Question:
    return Question(
        gettext("Delete “%(attribute)s” from all contacts?") % {"attribute": attribute},
        gettext("Its values are gone for good; what was launched keeps them. %(how)s")
        % {"how": IN_THE_CLUSTER},
        gettext("Delete it"),
        details=[(gettext("Looked at"), _looked_at(looking.look(attribute, AttributeKind.TEXT)))],
        problems=_problems(attribute),
        warnings=_uses(attribute),
        danger=True,
    )


def _looked_at(look: looking.Look) -> str:
    return ngettext(
        "%(having)s value among the newest %(newest)s contacts",
        "%(having)s values among the newest %(newest)s contacts",
        look.having,
    ) % {"having": f"{look.having:,}", "newest": f"{looking.NEWEST:,}"}


def _problems(attribute: Attribute) -> list[str]:
    return [str(RUNNING)] if change.open_changes(attribute).exists() else []


def _uses(attribute: Attribute) -> list[str]:
    """Templates and segments that name it: they do not follow."""
    key = attribute.key
    named = Q(subject__contains=key) | Q(preview_text__contains=key) | Q(html__contains=key)
    templates = Template.objects.filter(named | Q(text__contains=key), owner=attribute.owner_id)
    told = [
        gettext("The template “%(template)s” may use it.") % {"template": each}
        for each in templates[:MOST_NAMED]
    ]
    segments = Segment.objects.filter(owner=attribute.owner_id)
    using = [each for each in segments if _asks_for(each, key)]
    return told + [
        gettext("The segment “%(segment)s” asks for it.") % {"segment": each}
        for each in using[:MOST_NAMED]
    ]


def _asks_for(segment: Segment, key: str) -> bool:
    try:
        lines = list(tree.read(segment.condition).lines())
    except tree.ConditionError:
        return False
    return any(line.field == f"{fields.ATTRIBUTE}{key}" for line in lines)
