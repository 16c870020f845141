"""The event inbox. Append-only: only the result of an event and its repeats are written later."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import SubTask
from tracking.event_kinds import BY_RECIPIENTS, Actor, EventKind, source_in_words


class EventState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    APPLIED = "applied", _("Applied")
    GIVEN_UP = "given_up", _("Given up")


COMMON_KINDS = ("accepted", "clicked", "delivered", "opened")
"""Most events: lists that show only the others skip these."""


class Event(models.Model):
    """One reported event about a message, stored once however often it is reported.

    `subtask` is what the source reports until the event is applied, then the SubTask it was matched
    with; `recipient` likewise. No constraint on it: the source may report anything, and its row
    must not be locked by every event. Payload, IP address and user agent are erased after a while.
    """

    kind = models.CharField(max_length=15, choices=EventKind, verbose_name=_("kind"))
    actor = models.CharField(
        max_length=10, choices=Actor, default=Actor.PERSON, verbose_name=_("actor")
    )
    source = models.CharField(max_length=40, verbose_name=_("source"))
    dedupe_key = models.CharField(max_length=200, verbose_name=_("key of the event"))
    service_id = models.BigIntegerField(
        null=True,
        help_text=_("The email service through whose webhook it came."),
        verbose_name=_("service id"),
    )
    subtask = models.ForeignKey(
        SubTask,
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("message"),
    )
    message_id = models.CharField(max_length=255, blank=True, verbose_name=_("message id"))
    provider_message_id = models.CharField(
        max_length=255, blank=True, verbose_name=_("provider message id")
    )
    recipient = models.CharField(max_length=254, blank=True, verbose_name=_("recipient"))
    url = models.TextField(_("link"), blank=True)
    detail = models.TextField(blank=True, verbose_name=_("detail"))
    ip_address = models.CharField(
        _("IP address"),
        max_length=45,
        blank=True,
        help_text=_("The network only: the host's part is cut off."),
    )
    user_agent = models.TextField(blank=True, verbose_name=_("user agent"))
    raw = models.JSONField(_("payload"), null=True)
    occurred_at = models.DateTimeField(
        null=True, help_text=_("As the source says."), verbose_name=_("occurred at")
    )
    received_at = models.DateTimeField(db_default=Now(), verbose_name=_("received at"))
    times = models.PositiveIntegerField(
        db_default=1,
        help_text=_("How often it came, where the same again is counted."),
        verbose_name=_("times"),
    )
    last_at = models.DateTimeField(
        null=True, help_text=_("When it came last, if more than once."), verbose_name=_("last at")
    )

    state = models.CharField(
        max_length=10, choices=EventState, default=EventState.WAITING, verbose_name=_("state")
    )
    due_at = models.DateTimeField(
        db_default=Now(), help_text=_("Not applied before this time."), verbose_name=_("due at")
    )
    settled_at = models.DateTimeField(null=True, verbose_name=_("settled at"))
    note = models.CharField(
        max_length=200,
        blank=True,
        help_text=_("What it waits for, or why it was given up."),
        verbose_name=_("note"),
    )

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [
            # The same event reported again: ON CONFLICT DO NOTHING. By service too, so that no
            # account can use up the keys of another.
            models.UniqueConstraint(
                "source", "dedupe_key", "service_id", name="event_once", nulls_distinct=False
            ),
        ]
        indexes = [
            # Applying: WHERE state = 'waiting' AND due_at <= now() ORDER BY due_at, id
            models.Index(
                "due_at", "id", name="event_waiting", condition=models.Q(state=EventState.WAITING)
            ),
            # A SubTask's page, whether one of this kind was counted before, what else came of the
            # same message: WHERE subtask_id = … [AND kind = … AND actor = …]
            models.Index(
                "subtask",
                "kind",
                "actor",
                name="event_subtask",
                condition=models.Q(subtask__isnull=False),
            ),
            # The list of a kind that is rare: WHERE kind = … ORDER BY id DESC
            models.Index(
                "kind",
                "id",
                name="event_rare_kind",
                condition=~models.Q(kind__in=COMMON_KINDS),
            ),
            # The list of what was given up: WHERE state = 'given_up' ORDER BY id DESC
            models.Index(
                "id", name="event_given_up", condition=models.Q(state=EventState.GIVEN_UP)
            ),
            # Search by address, soft bounces in a row: WHERE recipient = … [ORDER BY id]
            # (whole, for the planner cannot tell that an address it looks up is not empty)
            models.Index("recipient", "id", name="event_recipient"),
            # Erasing payloads: WHERE raw IS NOT NULL AND received_at < …
            models.Index(
                "received_at", name="event_payload", condition=models.Q(raw__isnull=False)
            ),
        ]

    @property
    def by(self) -> str:
        """The actor; "" for what servers report."""
        return str(self.get_actor_display()) if self.kind in BY_RECIPIENTS else ""

    @property
    def reported_by(self) -> str:
        return capfirst(source_in_words(self.source))

    def __str__(self) -> str:
        return gettext("%(kind)s (%(source)s)") % {
            "kind": self.get_kind_display(),
            "source": self.reported_by,
        }
