"""`manage.py build_front_end`: what `start` does first, alone. For CI, and for images made ahead of a class."""

from __future__ import annotations

from typing import Any

from django.core.management import BaseCommand, CommandError

from sandbox.gateway import front_end


class Command(BaseCommand):
    help = "Builds static/dist if its sources have changed."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if front_end.is_stale():
                front_end.build(self.stdout.write)
        except front_end.FrontEndUnavailable as error:
            raise CommandError(str(error)) from error
        self.stdout.write("front end: up to date")
