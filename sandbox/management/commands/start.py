"""`manage.py start`: everything from a fresh clone to a running site, in one process.

Whatever keeps the site from running is said in one sentence, with exit code 1 and without a trace.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.management import CommandError, call_command

from sandbox import data_folder
from sandbox.engine import close_pools, sweep_scratch
from sandbox.gateway import front_end
from sandbox.gateway.hosts import names_of, shown_name
from sandbox.gateway.processes import kill_descendants
from sandbox.management.serving import ServingCommand, end_on_signals, require_free_port


class Command(ServingCommand):
    help = "Builds what is stale, migrates, and serves the site until SIGINT or SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 for all of this machine")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--data", default=str(settings.DATA_DIR), help="folder that keeps everything (default: var)"
        )
        parser.add_argument("--name", action="append", default=[], help="a name under which learners reach the site")
        parser.add_argument(
            "--lessons",
            action="append",
            default=[],
            metavar="FOLDER",
            help="a folder of more lessons; may come again",
        )
        parser.add_argument("--dev", action="store_true", help="for authors: pages follow the lesson files")
        parser.add_argument(
            "--unsafe-runner",
            action="store_true",
            help="run learner code although no hardening layer holds; only for yourself, never for a class",
        )

    def handle(self, *args: Any, host: str, port: int, name: list[str], unsafe_runner: bool, **options: Any) -> None:
        end_on_signals()
        settings.LESSON_PATHS = [*settings.LESSON_PATHS, *options["lessons"]]
        settings.LESSON_RELOAD = options["dev"]
        self._require_lessons()
        settings.UNSAFE_RUNNER = unsafe_runner
        settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, *names_of(host), *name]
        data_folder.prepare(settings.DATA_DIR)
        require_free_port(host, port)
        self._build_front_end()
        self._require_walls()
        sweep_scratch(front_end.toolchain().work)
        with data_folder.alone(settings.DATA_DIR):  # another process may start on the same folder at this moment
            call_command("migrate", interactive=False, verbosity=0)
        self._serve(host, port)

    def _require_lessons(self) -> None:
        """A fault of the course is said with its file and line; a lesson pack's only leaves that pack out."""
        for found in checks.run_checks(tags=["lessons"]):
            if found.level >= checks.ERROR:
                raise CommandError(f"The course cannot be taught as it stands. {found.msg}")
            self._say(f"WARNING: a lesson pack is left out. {found.msg}")

    def _serve(self, host: str, port: int) -> None:
        # Imported late: Daphne installs the reactor, and the application needs the migrated database.
        from sandbox.asgi import application
        from sandbox.gateway.registry import registry
        from sandbox.gateway.server import Server

        async def close_engine() -> None:
            await registry.close_all()
            await close_pools()

        def begin() -> None:
            self._say(f"Reactive Sandbox is ready: http://{shown_name(host)}:{port}/")
            registry.start()

        server = Server(
            application,
            host,
            port,
            on_listening=begin,
            on_stop=close_engine,
        )
        try:
            server.run()
        finally:
            kill_descendants()
        if server.failure is not None:
            raise CommandError(f"Port {port} on {host} cannot be used ({server.failure}).")
