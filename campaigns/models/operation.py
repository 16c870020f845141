"""Work on many rows that runs in the cluster: imports, exports, changes of all that match."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.ownership import OwnedQuerySet


class OperationKind(models.TextChoices):
    """What runs each kind is in `campaigns.operations.kinds`."""

    IMPORT = "import", _("Import")
    UNDO_IMPORT = "undo_import", _("Undo of an import")
    EXPORT = "export", _("Export")
    CHANGE_CONTACTS = "change_contacts", _("Change of contacts")
    CONVERT_ATTRIBUTE = "convert_attribute", _("Change of an attribute's type")
    DECIDE_DOUBTS = "decide_doubts", _("Decision about messages in doubt")
    RETRY_FAILED = "retry_failed", _("Retry of failed messages")
    RENEW_TEMPLATES = "renew_templates", _("New look of templates")


class OperationState(models.TextChoices):
    PREPARING = "preparing", _("Being prepared")
    QUEUED = "queued", _("Waiting for a worker")
    RUNNING = "running", _("Under way")
    CANCELLING = "cancelling", _("Being cancelled")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


OPEN_STATES = (OperationState.QUEUED, OperationState.RUNNING, OperationState.CANCELLING)
ENDED_STATES = (OperationState.DONE, OperationState.FAILED, OperationState.CANCELLED)
FILE_OF = "file_of"
"""In the parameters of the dry run of an import: the operation that is tried, and has the file."""


class Operation(models.Model):
    """One piece of long work, and how far it is. `campaigns.operations` writes `state`.

    The work is done in pieces. Each commits together with `position`, `done` and `result`, so that
    work whose process is killed goes on after the last piece. `total` and `done` count rows.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("owner"),
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("requested by"),
    )
    kind = models.CharField(_("kind"), max_length=30, choices=OperationKind)
    title = models.CharField(
        _("title"), max_length=300, help_text=_("What it is about, such as the file's name.")
    )
    params = models.JSONField(_("params"), default=dict, encoder=DjangoJSONEncoder)

    state = models.CharField(
        _("state"), max_length=12, choices=OperationState, default=OperationState.PREPARING
    )
    total = models.PositiveBigIntegerField(
        _("total"), null=True, help_text=_("Rows; empty while not known.")
    )
    done = models.PositiveBigIntegerField(_("done"), default=0, help_text=_("Rows."))
    position = models.JSONField(_("position"), default=dict, encoder=DjangoJSONEncoder)
    result = models.JSONField(_("result"), default=dict, encoder=DjangoJSONEncoder)
    problem = models.TextField(_("problem"), blank=True, help_text=_("Why it failed, for staff."))

    created_at = models.DateTimeField(_("created at"), db_default=Now())
    started_at = models.DateTimeField(_("started at"), null=True)
    progressed_at = models.DateTimeField(_("progressed at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    undone_at = models.DateTimeField(_("undone at"), null=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("piece of work")
        verbose_name_plural = _("work")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=OperationState.values), name="operation_state_known"
            ),
        ]
        indexes = [
            # An owner's history: WHERE owner_id = … AND kind = … ORDER BY id DESC
            models.Index("owner", "kind", "id", name="operation_history"),
            # What is under way: WHERE state IN ('queued', 'running', 'cancelling')
            models.Index("state", name="operation_open", condition=models.Q(state__in=OPEN_STATES)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.title}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES


class StoredFile(models.Model):
    """A file of an operation, in chunks: workers on other hosts reach nothing but the database."""

    operation = models.ForeignKey(
        Operation, on_delete=models.CASCADE, related_name="files", verbose_name=_("operation")
    )
    role = models.CharField(
        _("role"), max_length=20, help_text=_("Such as “upload”, “rejected” or “download”.")
    )
    name = models.CharField(_("name"), max_length=255)
    size = models.PositiveBigIntegerField(_("size"), default=0, help_text=_("Bytes."))
    created_at = models.DateTimeField(_("created at"), db_default=Now())
    expires_at = models.DateTimeField(_("expires at"), null=True, help_text=_("Deleted then."))

    class Meta:
        verbose_name = _("stored file")
        verbose_name_plural = _("stored files")
        constraints = [
            models.UniqueConstraint("operation", "role", name="stored_file_role_once"),
        ]
        indexes = [
            # Deleting what has expired: WHERE expires_at < now()
            models.Index(
                "expires_at",
                name="stored_file_expires",
                condition=models.Q(expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class FileChunk(models.Model):
    """A part of a stored file. All but the last have `campaigns.operations.files.CHUNK` bytes."""

    file = models.ForeignKey(
        StoredFile,
        on_delete=models.CASCADE,
        related_name="chunks",
        db_index=False,
        verbose_name=_("file"),
    )
    number = models.PositiveIntegerField(_("number"), help_text=_("From 0."))
    data = models.BinaryField(_("data"))

    class Meta:
        verbose_name = _("part of a file")
        verbose_name_plural = _("parts of files")
        constraints = [models.UniqueConstraint("file", "number", name="file_chunk_once")]

    def __str__(self) -> str:
        return f"{self.file_id}, chunk {self.number}"


class ImportedAddress(models.Model):
    """An address that an import met and that was a contact before; in a dry run, each address. It
    tells the import further rows of the address, and its undo what was imported again.

    The address itself is not stored: `address_key` is that of `Contact`.
    """

    pk = models.CompositePrimaryKey("operation_id", "address_key")
    operation = models.ForeignKey(
        Operation,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
        verbose_name=_("operation"),
    )
    address_key = models.BigIntegerField(_("address key"), db_index=True)
    touched = models.BooleanField(
        _("touched"), help_text=_("Whether the import made or changed its contact.")
    )
    told_tracking = models.BooleanField(
        _("told tracking"), help_text=_("Whether a row has a consent to tracking.")
    )
    refused = models.BooleanField(_("refused"), help_text=_("Whether a row refuses to be mailed."))
    was_refused = models.BooleanField(
        _("was refused"), help_text=_("Whether its contact had refused before.")
    )
    met_refused = models.BooleanField(
        _("met refused"), help_text=_("Whether a row says otherwise nevertheless.")
    )
    changed_at = models.DateTimeField(
        _("changed at"), null=True, help_text=_("The last change by the import.")
    )

    class Meta:
        verbose_name = _("imported address")
        verbose_name_plural = _("imported addresses")

    def __str__(self) -> str:
        return f"{self.operation_id}: {self.address_key}"


class ImportSaid(models.Model):
    """What an import under way read of people whom it keeps out, or, in a dry run, would suppress.
    Deleted when it ends."""

    operation = models.ForeignKey(
        Operation,
        on_delete=models.CASCADE,
        related_name="+",
        db_constraint=False,
        verbose_name=_("operation"),
    )
    line = models.BigIntegerField(_("line"))
    email = models.CharField(_("email"), max_length=254, db_index=True)
    told = models.TextField(_("told"))
    suppresses = models.BooleanField(_("suppresses"))

    class Meta:
        verbose_name = _("what an import said")
        verbose_name_plural = _("what imports said")

    def __str__(self) -> str:
        return f"{self.line}: {self.email}"
