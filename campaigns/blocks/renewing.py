"""Make an owner's templates in blocks anew when the brand has changed.

What a launched task has frozen stays as it is.
"""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from campaigns.blocks.making import html_of, look_of
from campaigns.blocks.problems import BlocksError
from campaigns.models import Operation, OperationKind, Template, TemplateFormat
from campaigns.operations import progress, running
from campaigns.rendering.content import TemplateError
from sandbox import LimitReached

AT_ONCE = 10
"""The most templates that are made anew while the user waits."""
PIECE = 10
MOST_LISTED = 100


def of_owner(owner_id: int, user: User) -> tuple[list[str], Operation | None]:
    """Make them anew: at once if they are few, which returns the names of those that could not be,
    else by the operation that is returned. Raises Failed."""
    keys = list(_templates(owner_id).values_list("pk", flat=True)[: AT_ONCE + 1])
    if len(keys) <= AT_ONCE:
        return _renew(owner_id, keys), None
    operation = Operation.objects.create(
        owner_id=owner_id,
        requested_by=user,
        kind=OperationKind.RENEW_TEMPLATES,
        title=gettext("Templates in blocks"),
        total=_templates(owner_id).count(),
        result={"failed": []},
    )
    running.start(operation)
    return [], operation


@transaction.atomic
def step(operation: Operation) -> bool:
    """The next PIECE, in the order of their keys."""
    after = operation.position.get("after", 0)
    rest = _templates(operation.owner_id).filter(pk__gt=after)
    keys = list(rest.values_list("pk", flat=True)[:PIECE])
    if not keys:
        return False
    failed = [*operation.result["failed"], *_renew(operation.owner_id, keys)]
    operation.result = {"failed": failed[:MOST_LISTED]}
    operation.position = {"after": keys[-1]}
    operation.done += len(keys)
    progress.save(operation)
    return True


def _templates(owner_id: int) -> QuerySet[Template]:
    of_owner = Template.objects.filter(owner=owner_id, format=TemplateFormat.BLOCKS)
    return of_owner.order_by("pk")


def _renew(owner_id: int, keys: list[int]) -> list[str]:
    """The names of those that stay as they were, for they can no longer be compiled."""
    look, failed = look_of(owner_id), []
    with transaction.atomic():
        for template in _templates(owner_id).filter(pk__in=keys).select_for_update():
            try:
                template.html = html_of(template.blocks, look)
            except (BlocksError, TemplateError, LimitReached):
                failed.append(template.name)
                continue
            template.save(update_fields=["html"])
    return failed
