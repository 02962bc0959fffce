"""`manage.py create_instructor`: an account that may have class sections.

It asks for what is not given. A password on the command line stands in the list of processes for a moment;
`--password -` reads it from standard input.
"""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError, call_command

from lessons.classroom import actions
from lessons.classroom.forms import clean_instructor
from sandbox import data_folder


class Command(BaseCommand):
    help = "Makes an account for an instructor: a name, an e-mail and a password."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", help="what learners see, such as “Ms Haddad”")
        parser.add_argument("--email", help="to sign in with; no mail is ever sent")
        parser.add_argument("--password", help="at least 10 characters; “-” reads one line from standard input")
        parser.add_argument("--data", default=str(settings.DATA_DIR), help="the site's data folder (default: var)")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"] or self._ask("Name that learners see: ", "--name")
        email = options["email"] or self._ask("E-mail: ", "--email")
        password = self._password(options["password"])
        try:
            name, email, password = clean_instructor(name, email, password)
            data_folder.prepare(settings.DATA_DIR)
            with data_folder.alone(settings.DATA_DIR):
                call_command("migrate", interactive=False, verbosity=0)
            actions.create_instructor(name, email, password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(f"{name} can sign in with {email} at /sign-in/.")

    def _password(self, given: str | None) -> str:
        if given == "-":
            return sys.stdin.readline().rstrip("\n")
        if given is not None:
            return given
        password = self._ask("Password: ", "--password", hidden=True)
        if password != self._ask("The same again: ", "--password", hidden=True):
            raise CommandError("The two passwords differ; nothing was made.")
        return password

    def _ask(self, question: str, option: str, *, hidden: bool = False) -> str:
        if not sys.stdin.isatty():
            raise CommandError(f"Nobody is there to ask; give {option}.")
        try:
            return getpass.getpass(question) if hidden else input(question)
        except (EOFError, KeyboardInterrupt):
            raise CommandError("Nothing was made.") from None
