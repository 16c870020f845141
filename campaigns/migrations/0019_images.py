"""Pictures that templates show."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import campaigns.models.image
from campaigns.db.group_permissions import let_groups

VIEW = ["view_image"]
GROUPS = {
    "campaign manager": [*VIEW, "add_image", "change_image", "delete_image"],
    "operator": VIEW,
    "viewer": VIEW,
}


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0018_content_formats"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ImageData",
            fields=[
                ("name", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("data", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Image",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        max_length=200,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[^\\r\\n\\x00]*\\Z", "Enter one line of text."
                            )
                        ],
                    ),
                ),
                (
                    "alt",
                    models.CharField(
                        blank=True,
                        help_text="What the picture says, for those who do not see it. Many mail programs show pictures only when asked.",
                        max_length=300,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[^\\r\\n\\x00]*\\Z", "Enter one line of text."
                            )
                        ],
                        verbose_name="alternative text",
                    ),
                ),
                (
                    "is_decoration",
                    models.BooleanField(
                        default=False,
                        help_text="The picture says nothing that the text does not say; it needs no words.",
                        verbose_name="mere decoration",
                    ),
                ),
                (
                    "file",
                    models.FileField(
                        editable=False, storage=campaigns.models.image.image_storage, upload_to=""
                    ),
                ),
                ("width", models.PositiveIntegerField(editable=False, help_text="In pixels.")),
                ("height", models.PositiveIntegerField(editable=False, help_text="In pixels.")),
                ("octets", models.PositiveIntegerField(editable=False, verbose_name="size")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="added",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("owner"), models.F("file"), name="image_once_per_owner"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_decoration", True),
                            models.Q(("alt", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="image_has_words",
                    ),
                ],
            },
        ),
        let_groups("campaigns", GROUPS),
    ]
