"""`manage.py new_lesson 12 count-the-seats`: a lesson folder that loads, with a task that works."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from lessons import catalogue, new_lesson


class Command(BaseCommand):
    help = "Makes a lesson folder with a sample task, its check, hints and solutions, and lists it in course.toml."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", type=int)
        parser.add_argument("slug", help="its name in the address: small letters, digits and hyphens")
        parser.add_argument("--pack", type=Path, default=catalogue.CONTENT, help="a lesson pack (default: the course)")

    def handle(self, *args: Any, number: int, slug: str, pack: Path, **options: Any) -> None:
        try:
            folder = new_lesson.make(pack, number, slug)
        except (ValueError, new_lesson.LessonExists, OSError) as error:
            raise CommandError(str(error)) from error
        lessons = "" if pack == catalogue.CONTENT else f" --lessons {pack}"
        self.stdout.write(f"made {folder}")
        self.stdout.write(f"see it:    uv run manage.py start --dev{lessons}")
        self.stdout.write(
            f"check it:  {f'SANDBOX_LESSONS={pack} ' if lessons else ''}uv run manage.py check_lessons {slug}"
        )
