from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0016_counted_addresses"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="contact",
            name="contact_by_address",
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                models.F("owner"),
                models.F("address_key"),
                include=("id",),
                name="contact_by_address",
            ),
        ),
    ]
