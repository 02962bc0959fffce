"""Asking for a task's solution is an event."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lessons", "0002_laboratory_events")]

    operations = [
        migrations.AlterField(
            model_name="event",
            name="kind",
            field=models.CharField(
                choices=[
                    ("started", "Started"),
                    ("opened", "Opened"),
                    ("saved", "Saved"),
                    ("deployed", "Deployed"),
                    ("checked", "Checked"),
                    ("predicted", "Predicted"),
                    ("measured", "Measured"),
                    ("solution", "Solution"),
                ],
                max_length=20,
            ),
        ),
    ]
