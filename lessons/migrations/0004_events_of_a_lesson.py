"""What a learner answers, reads, opens and tries in a lesson are events, and who plays which role in the last one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lessons", "0003_solutions_asked_for")]

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
                    ("roles", "Roles"),
                    ("read", "Read"),
                    ("answered", "Answered"),
                    ("wrote", "Wrote"),
                    ("hinted", "Hinted"),
                    ("ordered", "Ordered"),
                    ("demo", "Demo"),
                    ("renamed", "Renamed"),
                ],
                max_length=20,
            ),
        ),
    ]
