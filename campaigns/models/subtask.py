"""One message to one recipient."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Self

from django.db import models
from django.db.models.functions import Greatest, Now
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from access.ownership import OwnedQuerySet, User, sees_everything
from addressing.addresses import as_written
from campaigns.db.enum_field import DatabaseEnumField
from campaigns.models.content import Content
from campaigns.models.task import Task, TaskStatus


class SubTaskStatus(models.TextChoices):
    """The nine values of the database enum, in its order. What may follow what is in
    `campaigns.state.states`.
    """

    PENDING = "pending", _("Pending")
    ALLOCATED = "allocated", _("Allocated")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    BOUNCED = "bounced", _("Bounced")
    OPENED = "opened", _("Opened")
    CLICKED = "clicked", _("Clicked")
    FAILED = "failed", _("Failed")


class FailureReason(models.TextChoices):
    REJECTED = "rejected", _("Rejected by the recipient's server")
    RETRIES_EXHAUSTED = "retries_exhausted", _("Given up after several tries")
    INVALID = "invalid", _("Invalid address")
    RENDER_ERROR = "render_error", _("The template failed for this recipient")
    SUPPRESSED = "suppressed", _("The address is suppressed")
    CANCELLED = "cancelled", _("The task was cancelled")
    DISCARDED = "discarded", _("Given up by staff while in doubt")


HELD = (SubTaskStatus.ALLOCATED, SubTaskStatus.SENDING)
REPEAT_AFTER = dt.timedelta(seconds=30)
"""How long a doubt lasts at least before its hand-over is repeated: the first may still be under
way at the provider.
"""
ENDED = (
    SubTaskStatus.DELIVERED,
    SubTaskStatus.BOUNCED,
    SubTaskStatus.OPENED,
    SubTaskStatus.CLICKED,
    SubTaskStatus.FAILED,
)


class SubTaskQuerySet(OwnedQuerySet):
    owner_path = "task__owner"

    def visible_to(self, user: User) -> Self:
        """All rows for users who may see everything, else those of the user's own tasks.

        By the keys of the tasks: of a join with the owner PostgreSQL cannot tell whether it is most
        of the table or next to nothing, and may walk all of it for a page.
        """
        if sees_everything(user):
            return self
        own = Task.objects.visible_to(user).order_by().values_list("pk", flat=True)
        return self.filter(task__in=list(own))

    def claimable(self, task_id: int) -> models.QuerySet[SubTask]:
        """A task's SubTasks that may be sent now, in the order they are served. Uses index
        subtask_claim.
        """
        return self.filter(
            task_id=task_id, status=SubTaskStatus.PENDING, available_at__lte=Now()
        ).order_by("available_at", "id")

    def in_doubt(self) -> models.QuerySet[SubTask]:
        """Handed over, outcome unknown. Uses index subtask_in_doubt."""
        return self.filter(in_doubt_since__isnull=False)

    def repeatable(
        self, service_ids: Collection[int], window: dt.timedelta
    ) -> models.QuerySet[SubTask]:
        """In doubt, and these services may repeat the hand-over now: their provider de-duplicates
        for `window` since the first one, they connect as they did then, and the task is being sent.
        Each time the pause is as long as the doubt has lasted. Uses index subtask_in_doubt.
        """
        since = models.ExpressionWrapper(Now() - window, output_field=models.DateTimeField())
        lasted = models.ExpressionWrapper(
            models.F("in_doubt_since") - models.F("sending_at"), output_field=models.DurationField()
        )
        pause = Greatest(models.Value(REPEAT_AFTER), lasted)
        return (
            self.in_doubt()
            .filter(service__in=service_ids, task__status=TaskStatus.SENDING, sending_at__gt=since)
            .filter(sending_at__gt=models.F("service__connection_changed_at"))
            .filter(
                in_doubt_since__lte=models.ExpressionWrapper(
                    Now() - pause, output_field=models.DateTimeField()
                )
            )
            .order_by("sending_at", "id")
        )

    def failed(self) -> models.QuerySet[SubTask]:
        return self.filter(status=SubTaskStatus.FAILED)


class SubTask(models.Model):
    """One message to one recipient of a task. Only `campaigns.state.states` writes `status`, and
    `campaigns.state.restored` after a restore.

    `claim_token` fences every write after a claim: who no longer holds the token can change
    nothing. `dispatcher_id` is the `dispatch.Dispatcher` that holds the row while it is allocated
    or sending; there is no foreign key, because a lock on a row that every claim refers to would be
    contended.
    """

    # The database checks no foreign key for each row, as each check costs as much as an index: a
    # trigger checks the contents of a whole statement, and a content keeps its task.
    task = models.ForeignKey(
        Task,
        on_delete=models.PROTECT,
        related_name="subtasks",
        db_index=False,
        db_constraint=False,
        verbose_name=_("campaign"),
    )
    content = models.ForeignKey(
        Content,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
        verbose_name=_("content"),
    )
    contact_id = models.BigIntegerField(
        _("contact id"),
        null=True,
        help_text=_(
            "Whom the launch made it for. No foreign key: the contact may be deleted. Empty "
            "for launches of before this was recorded."
        ),
    )
    recipient_email = models.CharField(_("recipient email"), max_length=254)
    variables = models.JSONField(
        _("variables"), default=dict, help_text=_("Merge variables, frozen at launch.")
    )

    status = DatabaseEnumField(
        type_setting="SUBTASK_STATUS_TYPE", choices=SubTaskStatus, default=SubTaskStatus.PENDING
    )
    service = models.ForeignKey(
        "dispatch.EmailService",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
        verbose_name=_("service"),
    )
    available_at = models.DateTimeField(
        _("available at"), db_default=Now(), help_text=_("Not sent before this time.")
    )
    claim_token = models.UUIDField(_("claim token"), null=True)
    dispatcher_id = models.BigIntegerField(_("dispatcher id"), null=True)
    in_doubt_since = models.DateTimeField(_("in doubt since"), null=True)
    attempts = models.PositiveSmallIntegerField(
        _("attempts"),
        default=0,
        help_text=_("Tries that counted: refusals for a while. Waiting does not count."),
    )
    failure_reason = models.CharField(
        _("failure reason"), max_length=20, choices=FailureReason, blank=True
    )
    error = models.TextField(_("error"), blank=True, help_text=_("What the provider said last."))
    provider_message_id = models.CharField(_("provider message id"), max_length=255, blank=True)

    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    allocated_at = models.DateTimeField(_("allocated at"), null=True)
    sending_at = models.DateTimeField(_("sending at"), null=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True)
    bounced_at = models.DateTimeField(_("bounced at"), null=True)
    opened_at = models.DateTimeField(_("opened at"), null=True)
    clicked_at = models.DateTimeField(_("clicked at"), null=True)
    failed_at = models.DateTimeField(_("failed at"), null=True)

    objects = SubTaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        permissions = [
            ("retry_subtask", gettext_noop("Can retry failed messages")),
            ("decide_subtask", gettext_noop("Can decide what happens to messages in doubt")),
        ]
        constraints = [
            models.UniqueConstraint("task", "recipient_email", name="subtask_recipient_once"),
            models.CheckConstraint(
                condition=models.Q(status=SubTaskStatus.PENDING, service__isnull=True)
                | models.Q(status=SubTaskStatus.FAILED)
                | (
                    ~models.Q(status__in=[SubTaskStatus.PENDING, SubTaskStatus.FAILED])
                    & models.Q(service__isnull=False)
                ),
                name="subtask_service_past_pending",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=HELD, claim_token__isnull=False)
                | (~models.Q(status__in=HELD) & models.Q(claim_token__isnull=True)),
                name="subtask_token_while_held",
            ),
            # A held row belongs to a living dispatcher or is in doubt, never both and never
            # neither.
            models.CheckConstraint(
                condition=models.Q(
                    status=SubTaskStatus.ALLOCATED,
                    dispatcher_id__isnull=False,
                    in_doubt_since__isnull=True,
                )
                | models.Q(
                    status=SubTaskStatus.SENDING,
                    dispatcher_id__isnull=False,
                    in_doubt_since__isnull=True,
                )
                | models.Q(
                    status=SubTaskStatus.SENDING,
                    dispatcher_id__isnull=True,
                    in_doubt_since__isnull=False,
                )
                | (
                    ~models.Q(status__in=HELD)
                    & models.Q(dispatcher_id__isnull=True, in_doubt_since__isnull=True)
                ),
                name="subtask_held_or_in_doubt",
            ),
            models.CheckConstraint(
                condition=models.Q(status=SubTaskStatus.FAILED) ^ models.Q(failure_reason=""),
                name="subtask_failed_has_reason",
            ),
        ]
        indexes = [
            # Claim: WHERE task_id = … AND status = 'pending' AND available_at <= now() ORDER BY
            # available_at, id LIMIT …
            models.Index(
                "task",
                "available_at",
                "id",
                name="subtask_claim",
                condition=models.Q(status=SubTaskStatus.PENDING),
            ),
            # Completion: WHERE status IN ('allocated', 'sending') AND task_id = …. Recovery reads
            # all of it for AND dispatcher_id = …: it is no more than what is held.
            models.Index(
                "task",
                "dispatcher_id",
                name="subtask_held",
                condition=models.Q(status__in=HELD),
            ),
            # The in-doubt list and its count: WHERE in_doubt_since IS NOT NULL [AND task_id = …]
            models.Index(
                "task",
                "id",
                name="subtask_in_doubt",
                condition=models.Q(in_doubt_since__isnull=False),
            ),
            # What comes back by the provider's name for a message: WHERE provider_message_id IN (…)
            models.Index(
                "provider_message_id",
                name="subtask_provider_message",
                condition=~models.Q(provider_message_id=""),
            ),
            # Retry failed: WHERE status = 'failed' AND task_id = …
            models.Index(
                "task",
                "id",
                name="subtask_failed",
                condition=models.Q(status=SubTaskStatus.FAILED),
            ),
            # Admin's list by how it ended: WHERE status = … ORDER BY id DESC LIMIT …. Written once
            # a SubTask; the other states are either few rows or spread all over the table.
            models.Index(
                "status", "id", name="subtask_ended", condition=models.Q(status__in=ENDED)
            ),
            # Admin's list by reason: WHERE failure_reason = … ORDER BY id DESC LIMIT …
            models.Index(
                "failure_reason",
                "id",
                name="subtask_reason",
                condition=~models.Q(failure_reason=""),
            ),
        ]

    def __str__(self) -> str:
        return gettext("Message to %(address)s") % {"address": as_written(self.recipient_email)}
