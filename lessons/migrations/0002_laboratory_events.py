"""Predictions and measurements of the index laboratory are events."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lessons", "0001_people_and_workspaces")]

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
                ],
                max_length=20,
            ),
        ),
    ]
