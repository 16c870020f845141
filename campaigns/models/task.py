"""A campaign: its audience, templates, services and schedule."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from access.ownership import SEE_EVERYTHING, OwnedQuerySet
from campaigns.models.contacts import Contact, Tag
from campaigns.models.content import (
    LANGUAGE_LENGTH,
    Sender,
    Template,
    language_validator,
    one_line_validator,
)


class TaskStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SCHEDULED = "scheduled", _("Scheduled")
    QUEUED = "queued", _("Launching")
    SENDING = "sending", _("Sending")
    PAUSED = "paused", _("Paused")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")


class Audience(models.TextChoices):
    ALL = "all", _("All contacts")
    TAGS = "tags", _("Contacts by tags and segments")
    CHOSEN = "chosen", _("Chosen contacts")


class TaskQuerySet(OwnedQuerySet):
    def due(self) -> models.QuerySet[Task]:
        """Scheduled tasks whose time has come by the database clock."""
        return self.filter(status=TaskStatus.SCHEDULED, scheduled_at__lte=Now())


class Task(models.Model):
    """A campaign. `campaigns.state.lifecycle` is the only writer of `status`."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("owner"),
    )
    name = models.CharField(_("name"), max_length=200)
    sender = models.ForeignKey(
        Sender,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("sender"),
    )
    templates = models.ManyToManyField(
        Template, through="TaskTemplate", related_name="+", verbose_name=_("templates")
    )

    audience = models.CharField(
        _("audience"), max_length=10, choices=Audience, default=Audience.ALL
    )
    include_tags = models.ManyToManyField(
        Tag,
        blank=True,
        related_name="+",
        help_text=_("Contacts with any of these tags."),
        verbose_name=_("include tags"),
    )
    exclude_tags = models.ManyToManyField(
        Tag,
        blank=True,
        related_name="+",
        help_text=_("Never contacts with any of these tags."),
        verbose_name=_("exclude tags"),
    )
    include_segments = models.ManyToManyField(
        "campaigns.Segment",
        blank=True,
        related_name="+",
        help_text=_("And contacts in any of these."),
        verbose_name=_("include segments"),
    )
    exclude_segments = models.ManyToManyField(
        "campaigns.Segment",
        blank=True,
        related_name="+",
        help_text=_("Never contacts in any of these."),
        verbose_name=_("exclude segments"),
    )
    needs_consent = models.BooleanField(
        _("only with recorded consent"),
        default=False,
        db_default=False,
        help_text=_(
            "Leaves out contacts of whom it is not recorded that they agreed to be mailed."
        ),
    )
    leaves_out_running = models.BooleanField(
        _("leave out who is in another running campaign"),
        default=False,
        db_default=False,
        help_text=_(
            "Leaves out contacts to whom another campaign of this owner still has to send."
        ),
    )
    contacts = models.ManyToManyField(
        Contact, blank=True, related_name="+", verbose_name=_("chosen contacts")
    )

    services = models.ManyToManyField(
        "dispatch.EmailService",
        blank=True,
        related_name="+",
        verbose_name=_("email services"),
        help_text=_("Leave empty to use every service that the owner may use."),
    )
    priority = models.SmallIntegerField(
        _("priority"),
        default=0,
        help_text=_("Among campaigns of one owner, a higher number goes first."),
    )
    scheduled_at = models.DateTimeField(_("scheduled at"), null=True, blank=True)
    track_opens = models.BooleanField(
        _("record opens"),
        default=False,
        db_default=False,
        help_text=_(
            "Adds an invisible image. Where the law asks for consent, it is left out for "
            "contacts that did not agree."
        ),
    )
    track_clicks = models.BooleanField(
        _("record clicks"),
        default=True,
        db_default=True,
        help_text=_("Links lead through this site."),
    )

    status = models.CharField(
        _("status"), max_length=10, choices=TaskStatus, default=TaskStatus.DRAFT, editable=False
    )
    note = models.TextField(
        _("note"),
        blank=True,
        editable=False,
        help_text=_("Why the task is in this state, for its staff."),
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    launched_at = models.DateTimeField(_("launched at"), null=True, editable=False)
    started_at = models.DateTimeField(_("started at"), null=True, editable=False)
    paused_at = models.DateTimeField(_("paused at"), null=True, editable=False)
    resumed_at = models.DateTimeField(_("resumed at"), null=True, editable=False)
    completed_at = models.DateTimeField(_("completed at"), null=True, editable=False)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, editable=False)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-id"]
        permissions = [
            (SEE_EVERYTHING.split(".")[1], _("Can see and use the rows of every owner")),
            ("launch_task", gettext_noop("Can launch and schedule campaigns")),
            ("control_task", gettext_noop("Can pause, resume and cancel campaigns")),
            ("approve_task", gettext_noop("Can approve what others would launch")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(status=TaskStatus.SCHEDULED)
                | models.Q(scheduled_at__isnull=False),
                name="task_scheduled_has_time",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=TaskStatus.values), name="task_status_known"
            ),
        ]
        indexes = [
            # The dispatcher's agenda and maintenance: WHERE status = 'scheduled' | 'queued' |
            # 'sending' | 'cancelled'
            models.Index(
                "status",
                name="task_open",
                condition=~models.Q(status__in=[TaskStatus.DRAFT, TaskStatus.COMPLETED]),
            )
        ]

    def __str__(self) -> str:
        return self.name


class TaskTemplate(models.Model):
    """One of a task's templates. Each recipient gets one, picked when the task is launched by the
    recipient's language, then at random by weight. What is filled in of subject, preview text and
    sender stands in for the template's and the task's.
    """

    task = models.ForeignKey(Task, on_delete=models.CASCADE, verbose_name=_("campaign"))
    template = models.ForeignKey(Template, on_delete=models.PROTECT, verbose_name=_("template"))
    language = models.CharField(
        _("language"),
        max_length=LANGUAGE_LENGTH,
        blank=True,
        default="",
        db_default="",
        validators=[language_validator],
    )
    weight = models.PositiveIntegerField(_("weight"), default=1, validators=[MinValueValidator(1)])
    subject = models.CharField(
        _("subject"),
        max_length=500,
        blank=True,
        default="",
        db_default="",
        validators=[one_line_validator],
    )
    preview_text = models.CharField(
        _("preview text"), max_length=500, blank=True, default="", db_default=""
    )
    sender = models.ForeignKey(
        Sender,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("sender"),
    )

    class Meta:
        verbose_name = _("content of a campaign")
        verbose_name_plural = _("contents of campaigns")
        constraints = [
            models.UniqueConstraint(
                fields=["task", "template", "language", "subject", "preview_text", "sender"],
                nulls_distinct=False,
                name="task_template_once",
            ),
            models.CheckConstraint(condition=models.Q(weight__gte=1), name="task_template_weight"),
        ]

    def __str__(self) -> str:
        return str(self.template) if self.weight == 1 else f"{self.template} × {self.weight}"


class Launch(models.Model):
    """The progress of a launch: how far the audience has been turned into SubTasks. Written in
    chunks, each with its SubTasks.

    `last_contact_id` is where the next chunk starts, so that a launch killed half-way continues
    there.
    """

    task = models.OneToOneField(Task, primary_key=True, on_delete=models.CASCADE)
    last_contact_id = models.BigIntegerField(_("last contact id"), default=0)
    up_to_contact_id = models.BigIntegerField(
        _("up to contact id"),
        default=0,
        help_text=_("The newest contact at the launch; later ones are not mailed."),
    )
    audience_size = models.PositiveBigIntegerField(_("audience size"), default=0)
    walked = models.PositiveBigIntegerField(
        _("walked"), default=0, help_text=_("Contacts looked at so far.")
    )
    inserted = models.PositiveBigIntegerField(
        _("inserted"), default=0, help_text=_("SubTasks made so far.")
    )
    agreed = models.PositiveBigIntegerField(
        _("agreed"),
        null=True,
        help_text=_(
            "Of the SubTasks made, those whose recipient agrees to open tracking; empty for "
            "launches of before this was counted."
        ),
    )
    suppressed = models.JSONField(
        _("suppressed"),
        default=dict,
        help_text=_("Recipients left out, counted by the reason of their suppression."),
    )
    left_out = models.JSONField(
        _("left out"),
        null=True,
        help_text=_(
            "Recipients left out, counted by the reason of `LeftOut`; empty for launches of "
            "before they were recorded."
        ),
    )
    ends = ArrayField(
        models.BigIntegerField(),
        null=True,
        help_text=_("The last contact of each chunk but the last."),
    )
    differences = models.JSONField(
        _("differences"),
        null=True,
        help_text=_(
            "Of what was promised: lists of a change, the reason promised, the reason made, "
            "and how many contacts; empty when nothing was promised."
        ),
    )
    fingerprint = models.BigIntegerField(
        _("fingerprint"),
        null=True,
        help_text=_("Of the keys of all candidates: their hashes, combined by XOR."),
    )
    counts_from = models.DateTimeField(
        _("counts from"),
        null=True,
        help_text=_(
            "What all its relative dates count from, in every chunk; empty for launches of "
            "before it was kept, which count from when the task was launched."
        ),
    )
    conditions = models.JSONField(
        _("conditions"),
        null=True,
        help_text=_(
            "What the segments of its audience asked when it began, by their keys: whom a "
            "launch mails does not change while it is under way. Empty for launches of before it "
            "was kept."
        ),
    )
    progressed_at = models.DateTimeField(_("progressed at"), db_default=Now())
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("launch")
        verbose_name_plural = _("launches")

    def __str__(self) -> str:
        return f"{self.task}: {self.walked} of {self.audience_size}"
