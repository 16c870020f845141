"""Contacts, templates, tasks and their SubTasks."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MinValueValidator, RegexValidator
from django.db import migrations, models
from django.db.models.functions import Lower, Now

from campaigns.db.enum_field import DatabaseEnumField
from campaigns.db.enum_type import CreateEnumType

# The key that Django gives to a table.
ID: dict[str, Any] = {
    "auto_created": True,
    "primary_key": True,
    "serialize": False,
    "verbose_name": "ID",
}
SUBTASK_STATUSES = [
    ("pending", "Pending"),
    ("allocated", "Allocated"),
    ("sending", "Sending"),
    ("sent", "Sent"),
    ("delivered", "Delivered"),
    ("bounced", "Bounced"),
    ("opened", "Opened"),
    ("clicked", "Clicked"),
    ("failed", "Failed"),
]
FAILURE_REASONS = [
    ("rejected", "Rejected by the recipient's server"),
    ("retries_exhausted", "Given up after several tries"),
    ("invalid", "Invalid address"),
    ("render_error", "The template failed for this recipient"),
    ("suppressed", "The address is suppressed"),
    ("cancelled", "The task was cancelled"),
    ("discarded", "Given up by staff while in doubt"),
]
TASK_STATUSES = [
    ("draft", "Draft"),
    ("scheduled", "Scheduled"),
    ("queued", "Launching"),
    ("sending", "Sending"),
    ("paused", "Paused"),
    ("completed", "Completed"),
    ("cancelled", "Cancelled"),
]


def columns(**fields: models.Field[Any, Any]) -> list[tuple[str, models.Field[Any, Any]]]:
    return list(fields.items())


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("dispatch", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        CreateEnumType("SUBTASK_STATUS_TYPE", [value for value, _ in SUBTASK_STATUSES]),
        migrations.CreateModel(
            name="Tag",
            fields=columns(
                id=models.BigAutoField(**ID),
                name=models.CharField(max_length=100),
                owner=models.ForeignKey(
                    settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
                ),
            ),
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        "owner",
                        Lower("name"),
                        name="tag_name_unique_per_owner",
                        violation_error_message="There is a tag with this name already.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Contact",
            fields=columns(
                id=models.BigAutoField(**ID),
                email=models.CharField(
                    "email address",
                    max_length=254,
                    help_text="Stored in lower case, unique per owner.",
                ),
                name=models.CharField(max_length=200, blank=True),
                attributes=models.JSONField(
                    blank=True,
                    default=dict,
                    help_text='More merge variables: {"first_name": "Ada"} is {{ first_name }} in a '
                    "template.",
                ),
                created_at=models.DateTimeField(db_default=Now(), editable=False),
                owner=models.ForeignKey(
                    settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
                ),
                tracking_consent=models.BooleanField(
                    "agrees to open tracking",
                    default=False,
                    db_default=False,
                    help_text="Whether this person agreed that it is recorded when they open a message.",
                ),
                tags=models.ManyToManyField("campaigns.tag", blank=True, related_name="contacts"),
            ),
            options={
                "permissions": [("import_contact", "Can import contacts from a file")],
                "constraints": [
                    models.UniqueConstraint(
                        "owner",
                        "email",
                        name="contact_email_unique_per_owner",
                        violation_error_message="There is a contact with this address already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(email=Lower("email")) & ~models.Q(email=""),
                        name="contact_email_lower_case",
                    ),
                ],
                "indexes": [
                    # A launch walks an owner's contacts in the order of their keys.
                    models.Index("owner", "id", name="contact_walk")
                ],
            },
        ),
        migrations.CreateModel(
            name="Suppression",
            fields=columns(
                id=models.BigAutoField(**ID),
                email=models.CharField(
                    "address or @domain",
                    max_length=254,
                    unique=True,
                    help_text="In lower case. @example.com stands for every address of that domain.",
                ),
                reason=models.CharField(
                    max_length=20,
                    default="manual",
                    choices=[
                        ("unsubscribed", "Unsubscribed"),
                        ("hard_bounce", "Hard bounce"),
                        ("soft_bounces", "Soft bounces in a row"),
                        ("complaint", "Complaint"),
                        ("manual", "Added by staff"),
                        ("erased", "Erased at the person's wish"),
                    ],
                ),
                source=models.CharField(
                    max_length=200, blank=True, help_text="Where this came from."
                ),
                created_at=models.DateTimeField(db_default=Now(), editable=False),
            ),
            options={
                "permissions": [
                    ("export_suppression", "Can export the suppression list"),
                    ("suppress_domain", "Can suppress whole domains"),
                    ("export_address", "Can export everything about an address"),
                    ("erase_address", "Can erase an address"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(email=Lower("email")) & ~models.Q(email=""),
                        name="suppression_lower_case",
                    )
                ],
                "indexes": [
                    # Whether any address was erased.
                    models.Index(
                        "id", name="suppression_erased", condition=models.Q(reason="erased")
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Sender",
            fields=columns(
                id=models.BigAutoField(**ID),
                local_part=models.CharField(
                    max_length=64,
                    help_text="The part before the @; the domain is that of the email service.",
                    validators=[
                        RegexValidator(
                            "\\A[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\\Z",
                            "Enter the part of an address before the @, for example: news",
                        )
                    ],
                ),
                display_name=models.CharField(
                    max_length=200,
                    blank=True,
                    validators=[RegexValidator("\\A[^\\r\\n\\x00]*\\Z", "Enter one line of text.")],
                ),
                reply_to=models.EmailField("reply-to address", max_length=254, blank=True),
                owner=models.ForeignKey(
                    settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
                ),
                postal_address=models.TextField(
                    max_length=500,
                    blank=True,
                    help_text="Shown with an unsubscribe link under messages whose template has "
                    "none. The law of many countries requires one.",
                ),
            ),
        ),
        migrations.CreateModel(
            name="Template",
            fields=columns(
                id=models.BigAutoField(**ID),
                name=models.CharField(max_length=200),
                subject=models.CharField(
                    max_length=500,
                    validators=[RegexValidator("\\A[^\\r\\n\\x00]*\\Z", "Enter one line of text.")],
                ),
                preview_text=models.CharField(
                    max_length=500, blank=True, help_text="What inboxes show after the subject."
                ),
                html=models.TextField("HTML"),
                text=models.TextField(
                    "plain text",
                    blank=True,
                    help_text="Made from the HTML when this is left empty.",
                ),
                updated_at=models.DateTimeField(auto_now=True),
                owner=models.ForeignKey(
                    settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
                ),
            ),
        ),
        migrations.CreateModel(
            name="Task",
            fields=columns(
                id=models.BigAutoField(**ID),
                name=models.CharField(max_length=200),
                audience=models.CharField(
                    max_length=10,
                    default="all",
                    choices=[
                        ("all", "All my contacts"),
                        ("tags", "Contacts with a tag"),
                        ("chosen", "Chosen contacts"),
                    ],
                ),
                priority=models.SmallIntegerField(
                    default=0, help_text="Among tasks of one owner, a higher number goes first."
                ),
                scheduled_at=models.DateTimeField(blank=True, null=True),
                status=models.CharField(
                    max_length=10, default="draft", editable=False, choices=TASK_STATUSES
                ),
                note=models.TextField(
                    blank=True,
                    editable=False,
                    help_text="Why the task is in this state, for its staff.",
                ),
                created_at=models.DateTimeField(db_default=Now(), editable=False),
                launched_at=models.DateTimeField(null=True, editable=False),
                started_at=models.DateTimeField(null=True, editable=False),
                paused_at=models.DateTimeField(null=True, editable=False),
                completed_at=models.DateTimeField(null=True, editable=False),
                cancelled_at=models.DateTimeField(null=True, editable=False),
                owner=models.ForeignKey(
                    settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
                ),
                sender=models.ForeignKey(
                    "campaigns.sender",
                    on_delete=models.PROTECT,
                    blank=True,
                    null=True,
                    related_name="+",
                ),
                resumed_at=models.DateTimeField(null=True, editable=False),
                track_clicks=models.BooleanField(
                    "record clicks",
                    default=True,
                    db_default=True,
                    help_text="Links lead through this site.",
                ),
                track_opens=models.BooleanField(
                    "record opens",
                    default=False,
                    db_default=False,
                    help_text="Adds an invisible image. Where the law asks for consent, it is left "
                    "out for contacts that did not agree.",
                ),
                include_tags=models.ManyToManyField(
                    "campaigns.tag",
                    blank=True,
                    help_text="Contacts with any of these tags.",
                    related_name="+",
                ),
                exclude_tags=models.ManyToManyField(
                    "campaigns.tag",
                    blank=True,
                    help_text="Never contacts with any of these tags.",
                    related_name="+",
                ),
                contacts=models.ManyToManyField(
                    "campaigns.contact",
                    verbose_name="chosen contacts",
                    blank=True,
                    related_name="+",
                ),
                services=models.ManyToManyField(
                    "dispatch.emailservice",
                    verbose_name="email services",
                    blank=True,
                    help_text="Leave empty to use every service that the owner may use.",
                    related_name="+",
                ),
            ),
            options={
                "ordering": ["-id"],
                "permissions": [
                    ("see_everything", "Can see and use the rows of every owner"),
                    ("launch_task", "Can launch and schedule tasks"),
                    ("control_task", "Can pause, resume and cancel tasks"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=~models.Q(status="scheduled")
                        | models.Q(scheduled_at__isnull=False),
                        name="task_scheduled_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(status__in=[value for value, _ in TASK_STATUSES]),
                        name="task_status_known",
                    ),
                ],
                "indexes": [
                    # The dispatchers' agenda and maintenance look at what is neither a draft nor
                    # done.
                    models.Index(
                        "status",
                        name="task_open",
                        condition=~models.Q(status__in=["draft", "completed"]),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TaskTemplate",
            fields=columns(
                id=models.BigAutoField(**ID),
                weight=models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)]),
                task=models.ForeignKey("campaigns.task", on_delete=models.CASCADE),
                template=models.ForeignKey("campaigns.template", on_delete=models.PROTECT),
            ),
            options={
                "constraints": [
                    models.UniqueConstraint("task", "template", name="task_template_once"),
                    models.CheckConstraint(
                        condition=models.Q(weight__gte=1), name="task_template_weight"
                    ),
                ],
            },
        ),
        # Django knows a table only after it is made, and each of the two names the other.
        migrations.AddField(
            "task",
            "templates",
            models.ManyToManyField(
                "campaigns.template", related_name="+", through="campaigns.TaskTemplate"
            ),
        ),
        migrations.CreateModel(
            name="Launch",
            fields=columns(
                task=models.OneToOneField(
                    "campaigns.task", on_delete=models.CASCADE, primary_key=True, serialize=False
                ),
                last_contact_id=models.BigIntegerField(default=0),
                up_to_contact_id=models.BigIntegerField(
                    default=0,
                    help_text="The newest contact at the launch; later ones are not mailed.",
                ),
                audience_size=models.PositiveBigIntegerField(default=0),
                walked=models.PositiveBigIntegerField(
                    default=0, help_text="Contacts looked at so far."
                ),
                inserted=models.PositiveBigIntegerField(
                    default=0, help_text="SubTasks made so far."
                ),
                suppressed=models.JSONField(
                    default=dict,
                    help_text="Recipients left out, counted by the reason of their suppression.",
                ),
                progressed_at=models.DateTimeField(db_default=Now()),
                finished_at=models.DateTimeField(null=True),
                agreed=models.PositiveBigIntegerField(
                    null=True,
                    help_text="Of the SubTasks made, those whose recipient agrees to open tracking; "
                    "empty for launches of before this was counted.",
                ),
            ),
        ),
        migrations.CreateModel(
            name="Content",
            fields=columns(
                id=models.BigAutoField(**ID),
                weight=models.PositiveIntegerField(default=1),
                subject=models.TextField(),
                preview_text=models.TextField(blank=True),
                html=models.TextField("HTML"),
                text=models.TextField("plain text"),
                sender_local_part=models.CharField(max_length=64),
                sender_name=models.CharField(max_length=200, blank=True),
                reply_to=models.EmailField(max_length=254, blank=True),
                created_at=models.DateTimeField(db_default=Now(), editable=False),
                task=models.ForeignKey(
                    "campaigns.task", on_delete=models.PROTECT, related_name="contents"
                ),
                template=models.ForeignKey(
                    "campaigns.template",
                    on_delete=models.SET_NULL,
                    null=True,
                    related_name="+",
                    db_index=False,
                ),
                link_ids=ArrayField(
                    default=list, db_default=[], base_field=models.BigIntegerField(), size=None
                ),
                tracks_opens=models.BooleanField(default=False, db_default=False),
                precompiled=models.JSONField(
                    null=True,
                    editable=False,
                    help_text="What a worker made of it, so that dispatchers need none to fill plain "
                    "gaps.",
                ),
            ),
        ),
        migrations.CreateModel(
            name="SubTask",
            fields=columns(
                id=models.BigAutoField(**ID),
                recipient_email=models.CharField(max_length=254),
                variables=models.JSONField(
                    default=dict, help_text="Merge variables, frozen at launch."
                ),
                status=DatabaseEnumField(
                    default="pending", choices=SUBTASK_STATUSES, type_setting="SUBTASK_STATUS_TYPE"
                ),
                available_at=models.DateTimeField(
                    db_default=Now(), help_text="Not sent before this time."
                ),
                claim_token=models.UUIDField(null=True),
                dispatcher_id=models.BigIntegerField(null=True),
                in_doubt_since=models.DateTimeField(null=True),
                attempts=models.PositiveSmallIntegerField(
                    default=0,
                    help_text="Tries that counted: refusals for a while. Waiting does not count.",
                ),
                failure_reason=models.CharField(max_length=20, blank=True, choices=FAILURE_REASONS),
                error=models.TextField(blank=True, help_text="What the provider said last."),
                provider_message_id=models.CharField(max_length=255, blank=True),
                created_at=models.DateTimeField(db_default=Now(), editable=False),
                allocated_at=models.DateTimeField(null=True),
                sending_at=models.DateTimeField(null=True),
                sent_at=models.DateTimeField(null=True),
                delivered_at=models.DateTimeField(null=True),
                bounced_at=models.DateTimeField(null=True),
                opened_at=models.DateTimeField(null=True),
                clicked_at=models.DateTimeField(null=True),
                failed_at=models.DateTimeField(null=True),
                # The database checks one foreign key for each row, as each check costs as much as
                # an index: this one keeps the task, too.
                content=models.ForeignKey(
                    "campaigns.content", on_delete=models.PROTECT, related_name="+", db_index=False
                ),
                service=models.ForeignKey(
                    "dispatch.emailservice",
                    on_delete=models.PROTECT,
                    null=True,
                    related_name="+",
                    db_index=False,
                    db_constraint=False,
                ),
                task=models.ForeignKey(
                    "campaigns.task",
                    on_delete=models.PROTECT,
                    related_name="subtasks",
                    db_index=False,
                    db_constraint=False,
                ),
            ),
            options={
                "verbose_name": "SubTask",
                "permissions": [
                    ("retry_subtask", "Can retry failed SubTasks"),
                    ("decide_subtask", "Can decide what happens to SubTasks in doubt"),
                ],
                "constraints": [
                    # Also the order in which a task's SubTasks are listed: they need no other index
                    # for it.
                    models.UniqueConstraint(
                        "task", "recipient_email", name="subtask_recipient_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(service__isnull=True, status="pending")
                        | models.Q(status="failed")
                        | (
                            ~models.Q(status__in=["pending", "failed"])
                            & models.Q(service__isnull=False)
                        ),
                        name="subtask_service_past_pending",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            claim_token__isnull=False, status__in=["allocated", "sending"]
                        )
                        | (
                            ~models.Q(status__in=["allocated", "sending"])
                            & models.Q(claim_token__isnull=True)
                        ),
                        name="subtask_token_while_held",
                    ),
                    # A held row belongs to a living dispatcher or is in doubt, never both and never
                    # neither.
                    models.CheckConstraint(
                        condition=models.Q(
                            dispatcher_id__isnull=False,
                            in_doubt_since__isnull=True,
                            status="allocated",
                        )
                        | models.Q(
                            dispatcher_id__isnull=False,
                            in_doubt_since__isnull=True,
                            status="sending",
                        )
                        | models.Q(
                            dispatcher_id__isnull=True,
                            in_doubt_since__isnull=False,
                            status="sending",
                        )
                        | (
                            ~models.Q(status__in=["allocated", "sending"])
                            & models.Q(dispatcher_id__isnull=True, in_doubt_since__isnull=True)
                        ),
                        name="subtask_held_or_in_doubt",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(status="failed") ^ models.Q(failure_reason=""),
                        name="subtask_failed_has_reason",
                    ),
                ],
                "indexes": [
                    # The claim: a task's SubTasks that may be sent now, in the order they are
                    # served.
                    models.Index(
                        "task",
                        "available_at",
                        "id",
                        name="subtask_claim",
                        condition=models.Q(status="pending"),
                    ),
                    # Completion of a task, and recovery, which reads all of it: no more than what
                    # is held.
                    models.Index(
                        "task",
                        "dispatcher_id",
                        name="subtask_held",
                        condition=models.Q(status__in=["allocated", "sending"]),
                    ),
                    # The list of SubTasks in doubt, and their number.
                    models.Index(
                        "task",
                        "id",
                        name="subtask_in_doubt",
                        condition=models.Q(in_doubt_since__isnull=False),
                    ),
                    # What comes back by the provider's name for a message.
                    models.Index(
                        "provider_message_id",
                        name="subtask_provider_message",
                        condition=~models.Q(provider_message_id=""),
                    ),
                    # Trying again what failed.
                    models.Index(
                        "task", "id", name="subtask_failed", condition=models.Q(status="failed")
                    ),
                    # The two for the lists that staff look at: their pages must not depend on how
                    # large the table is. Other states are few rows or spread all over it.
                    models.Index(
                        "status",
                        "id",
                        name="subtask_ended",
                        condition=models.Q(
                            status__in=["delivered", "bounced", "opened", "clicked", "failed"]
                        ),
                    ),
                    models.Index(
                        "failure_reason",
                        "id",
                        name="subtask_reason",
                        condition=~models.Q(failure_reason=""),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Tally",
            fields=columns(
                id=models.BigAutoField(**ID),
                task_id=models.BigIntegerField(),
                status=DatabaseEnumField(
                    choices=SUBTASK_STATUSES, type_setting="SUBTASK_STATUS_TYPE"
                ),
                in_doubt=models.BooleanField(default=False),
                failure_reason=models.CharField(max_length=20, blank=True, choices=FAILURE_REASONS),
                count=models.BigIntegerField(),
            ),
            options={
                "verbose_name_plural": "tallies",
                "indexes": [
                    # Reading and folding.
                    models.Index("task_id", name="tally_task")
                ],
            },
        ),
        migrations.CreateModel(
            name="BackgroundJob",
            fields=columns(
                id=models.BigAutoField(**ID),
                kind=models.CharField(max_length=30),
                about=models.BigIntegerField(help_text="The key of the row that it is about."),
                name=models.CharField(max_length=100),
                func=models.CharField(max_length=200),
                args=models.JSONField(default=list, encoder=DjangoJSONEncoder),
                attempts=models.PositiveSmallIntegerField(default=0),
                next_try_at=models.DateTimeField(
                    db_default=Now(),
                    help_text="While it is being tried, when that has taken too long.",
                ),
                queued_at=models.DateTimeField(db_default=Now()),
                started_at=models.DateTimeField(
                    null=True, help_text="Since when a worker is at it."
                ),
                token=models.UUIDField(
                    null=True, help_text="Of the attempt: one that was given up writes nothing."
                ),
                cluster=models.UUIDField(null=True),
                pid=models.PositiveIntegerField(null=True),
                asked_again=models.BooleanField(
                    default=False, help_text="While a worker was at it."
                ),
                reason=models.TextField(blank=True, help_text="Why the last attempt failed."),
                set_aside_at=models.DateTimeField(null=True, help_text="It is not tried any more."),
            ),
            options={
                "constraints": [
                    models.UniqueConstraint("kind", "about", name="background_job_once")
                ],
            },
        ),
    ]
