"""What is asked before an attribute of all contacts is changed."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from admin_kit.confirmation import Question
from campaigns.attributes import change, looking
from campaigns.models import Attribute, AttributeKind, Segment, Template
from campaigns.segments import fields, tree
from campaigns.wording import counted

IN_THE_CLUSTER = "It is done in the background, contact by contact."
RUNNING = (
    "A change of this attribute is under way. Wait for its end, or cancel it on the page “Work”."
)
MOST_NAMED = 5


def of_type(attribute: Attribute, kind: str, choices: Sequence[str]) -> Question:
    look = looking.look(attribute, kind, choices)
    label = str(AttributeKind(kind).label)
    warnings = []
    if look.unfit:
        warnings = [
            f"{counted(look.unfit, 'value')} of {look.having:,} would not convert. What does not "
            "stays as it is, and is listed at the end.",
            *look.reasons,
        ]
    return Question(
        f"Make “{attribute}” of the type “{label.lower()}”?",
        f"Every contact's value is changed into one of the type. {IN_THE_CLUSTER} Change the type "
        "back to undo it: values then have the form in which pages show them, so 1,50 that became "
        "the number 1.5 is the text 1.5.",
        "Change the type",
        details=[("Type", label), ("Looked at", _looked_at(look))],
        problems=_problems(attribute),
        warnings=warnings,
        hidden={"kind": [kind], "choices": ["\n".join(choices)]},
    )


def of_name(attribute: Attribute, key: str) -> Question:
    return Question(
        f"Rename “{attribute.key}” to “{key}”?",
        f"Templates then have it as {{{{ {key} }}}}. {IN_THE_CLUSTER} A contact that has a value "
        "of the new name already keeps both.",
        "Rename it",
        details=[("Looked at", _looked_at(looking.look(attribute, AttributeKind.TEXT)))],
        problems=_problems(attribute),
        warnings=_uses(attribute),
        hidden={"key": [key]},
    )


def of_deletion(attribute: Attribute) -> Question:
    return Question(
        f"Delete “{attribute}” from all contacts?",
        f"Its values are gone for good; what was launched keeps them. {IN_THE_CLUSTER}",
        "Delete it",
        details=[("Looked at", _looked_at(looking.look(attribute, AttributeKind.TEXT)))],
        problems=_problems(attribute),
        warnings=_uses(attribute),
        danger=True,
    )


def _looked_at(look: looking.Look) -> str:
    return f"{counted(look.having, 'value')} among the newest {looking.NEWEST:,} contacts"


def _problems(attribute: Attribute) -> list[str]:
    return [RUNNING] if change.open_changes(attribute).exists() else []


def _uses(attribute: Attribute) -> list[str]:
    """Templates and segments that name it: they do not follow."""
    key = attribute.key
    named = Q(subject__contains=key) | Q(preview_text__contains=key) | Q(html__contains=key)
    templates = Template.objects.filter(named | Q(text__contains=key), owner=attribute.owner_id)
    told = [f"The template “{each}” may use it." for each in templates[:MOST_NAMED]]
    segments = Segment.objects.filter(owner=attribute.owner_id)
    using = [each for each in segments if _asks_for(each, key)]
    return told + [f"The segment “{each}” asks for it." for each in using[:MOST_NAMED]]


def _asks_for(segment: Segment, key: str) -> bool:
    try:
        lines = list(tree.read(segment.condition).lines())
    except tree.ConditionError:
        return False
    return any(line.field == f"{fields.ATTRIBUTE}{key}" for line in lines)
