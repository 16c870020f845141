import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from campaigns.db.references import Reference

REFERENCES = (
    Reference("contact_owner", "campaigns_contact", "owner_id", "auth_user"),
    Reference("contact_import", "campaigns_contact", "imported_by_id", "campaigns_operation"),
    Reference("link_contact", "campaigns_contact_tags", "contact_id", "campaigns_contact"),
    Reference("link_tag", "campaigns_contact_tags", "tag_id", "campaigns_tag"),
)


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0022_launch_moment"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="contact",
            name="imported_by",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                editable=False,
                help_text="The import that made this contact.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="campaigns.operation",
            ),
        ),
        migrations.AlterField(
            model_name="contact",
            name="owner",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="contact",
            name="tags",
            field=models.ManyToManyField(
                blank=True, db_constraint=False, related_name="contacts", to="campaigns.tag"
            ),
        ),
        *(reference.checked_by_statement() for reference in REFERENCES),
    ]
