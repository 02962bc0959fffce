import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import lessons.models
import lessons.pseudonyms


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("pseudonym", models.CharField(max_length=40, validators=[lessons.pseudonyms.validate_pseudonym])),
                ("email", models.EmailField(blank=True, max_length=254, null=True, unique=True)),
                (
                    "return_code_hmac",
                    models.CharField(blank=True, editable=False, max_length=64, null=True, unique=True),
                ),
                ("joined_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Blob",
            fields=[
                ("sha256", models.CharField(editable=False, max_length=64, primary_key=True, serialize=False)),
                ("text", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Workspace",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=lessons.models.new_workspace_id,
                        editable=False,
                        max_length=16,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("lesson", models.SlugField(max_length=60)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="workspaces",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Revision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("parent_number", models.PositiveIntegerField(null=True)),
                ("files", models.JSONField()),
                ("compiled", models.JSONField()),
                ("is_good", models.BooleanField(null=True)),
                ("saved_at", models.DateTimeField(auto_now_add=True)),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="revisions", to="lessons.workspace"
                    ),
                ),
            ],
            options={
                "ordering": ["workspace", "number"],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("started", "Started"),
                            ("opened", "Opened"),
                            ("saved", "Saved"),
                            ("deployed", "Deployed"),
                            ("checked", "Checked"),
                        ],
                        max_length=20,
                    ),
                ),
                ("payload", models.JSONField(default=dict)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="events", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="lessons.workspace",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="workspace",
            constraint=models.UniqueConstraint(fields=("person", "lesson"), name="one_workspace_per_lesson"),
        ),
        migrations.AddConstraint(
            model_name="revision",
            constraint=models.UniqueConstraint(fields=("workspace", "number"), name="revision_numbers_are_unique"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["workspace", "kind", "id"], name="events_of_a_workspace"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["person", "id"], name="events_of_a_person"),
        ),
    ]
