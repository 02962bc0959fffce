"""Instructors, class sections, enrollments."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import lessons.classroom.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("lessons", "0003_solutions_asked_for"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ClassSection",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=lessons.classroom.models.new_section_id,
                        editable=False,
                        max_length=12,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=40)),
                ("about", models.CharField(blank=True, max_length=80)),
                (
                    "join_code",
                    models.CharField(
                        default=lessons.classroom.models.new_join_code, editable=False, max_length=8, unique=True
                    ),
                ),
                ("is_open", models.BooleanField(default=True)),
                ("last_number", models.PositiveIntegerField(default=0, editable=False)),
                ("made_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["made_at"],
            },
        ),
        migrations.CreateModel(
            name="Instructor",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="instructor",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("made_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="Enrollment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(choices=[("learner", "Learner"), ("instructor", "Instructor")], max_length=20),
                ),
                ("number", models.PositiveIntegerField()),
                ("joined_at", models.DateTimeField(auto_now_add=True)),
                ("code_handed_out_at", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="enrollments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "section",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="enrollments",
                        to="classroom.classsection",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("section", "person"), name="one_enrollment_per_section"),
                    models.UniqueConstraint(fields=("section", "number"), name="enrollment_numbers_are_unique"),
                ],
            },
        ),
    ]
