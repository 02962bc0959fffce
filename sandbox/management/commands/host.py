"""`manage.py host FOLDER`: a folder with Convex functions as a stand-alone deployment, in one process.

Whatever keeps it from serving is said with exit code 1 and without a trace; for code that does not deploy, that is a
line with file, line, column and reason for each problem.
"""

from __future__ import annotations

import asyncio
import os
import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError

from sandbox import data_folder
from sandbox.engine import EngineError, FetchPolicy, close_pools
from sandbox.gateway import front_end, hosted
from sandbox.gateway.host_claim import ServedElsewhere, claim
from sandbox.gateway.host_project import ProjectFolder, ProjectUnusable
from sandbox.gateway.hosts import shown_name
from sandbox.gateway.processes import kill_descendants
from sandbox.management.serving import ServingCommand, end_on_signals, require_free_port

# Not the link-local addresses, at which clouds keep the credentials of a machine.
INSIDE = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")


class Command(ServingCommand):
    help = "Serves any folder that holds convex/ as a deployment of its own until SIGINT or SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="the project: the folder that holds convex/ (or convex.json)")
        parser.add_argument("--functions", metavar="PATH", help="their folder below it (default: as convex.json says)")
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 for all of this machine")
        parser.add_argument("--port", type=int, default=3210, help="clients and the HTTP API")
        parser.add_argument("--site-port", type=int, default=3211, help="HTTP actions")
        parser.add_argument("--admin-key", help="the key for admin functions; without it one is made and kept")
        parser.add_argument("--data", type=Path, help="folder that keeps rows, files and keys (default: in var/hosts)")
        parser.add_argument(
            "--env",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="an environment variable of the functions; NAME alone takes its value from this one",
        )
        parser.add_argument(
            "--allow-fetch",
            action="append",
            default=[],
            metavar="HOST",
            help="a host that actions may reach, and where keys of sign-in providers may lie; '*' for all",
        )
        parser.add_argument("--watch", action="store_true", help="deploy again whenever a file changes")
        parser.add_argument("--unsafe-runner", action="store_true", help="run code although no hardening layer holds")

    def handle(self, *args: Any, folder: Path, data: Path | None, **options: Any) -> None:
        end_on_signals()
        settings.UNSAFE_RUNNER = options["unsafe_runner"]
        settings.ALLOWED_HOSTS = ["*"]  # there are no cookies here that a foreign name could borrow
        settings.MIDDLEWARE = []
        try:
            project = ProjectFolder.find(folder, options["functions"])
        except ProjectUnusable as error:
            raise CommandError(str(error)) from error
        data = data.expanduser().absolute() if data else hosted.default_data(settings.DATA_DIR, project)
        data_folder.prepare(data)
        settings.DATA_DIR = data
        try:
            claim(data, project.root)  # for as long as this process lives
        except ServedElsewhere as error:
            raise CommandError(str(error)) from error
        self._require_ports(options["host"], options["port"], options["site_port"])
        self._build_front_end()
        self._require_walls()
        shown = shown_name(options["host"])
        own = [(shown, options["port"]), (shown, options["site_port"])]
        environment, fetch_policy = _environment(options["env"]), _fetch_policy(options["allow_fetch"], own)
        key, is_new = hosted.admin_key(data, options["admin_key"])
        if is_new:
            self._say(f"admin key (kept in {data / 'secret'}): {key}")
        host_options = hosted.HostOptions(
            name=re.sub(r"[^A-Za-z0-9_-]+", "-", project.root.name),
            data=data,
            admin_key=key,
            origin=f"http://{shown}:{options['port']}",
            site_origin=f"http://{shown}:{options['site_port']}",
            environment=environment,
            fetch_policy=fetch_policy,
        )
        self._serve(hosted.HostedProject(project, front_end.toolchain(), host_options, self._say), options)

    def _require_ports(self, host: str, port: int, site_port: int) -> None:
        if port == site_port:
            raise CommandError("--port and --site-port must differ: HTTP actions answer at an address of their own.")
        require_free_port(host, port)
        require_free_port(host, site_port)

    def _serve(self, served: hosted.HostedProject, options: dict[str, Any]) -> None:
        # Imported late: Daphne installs the reactor, and Django's handler reads the settings made above.
        from daphne.server import twisted_loop
        from django.core.asgi import get_asgi_application

        from sandbox.gateway.host_site import application
        from sandbox.gateway.host_urls import url_patterns
        from sandbox.gateway.server import Server

        host, port, site_port = options["host"], options["port"], options["site_port"]
        try:
            twisted_loop.run_until_complete(self._deploy(served))
        except BaseException:
            twisted_loop.run_until_complete(close_pools())
            kill_descendants()
            raise

        watching: list[asyncio.Task[None]] = []

        def begin() -> None:
            name, deployment = served.project.root.name, served.deployment
            self._say(f"{name} is ready: {deployment.origin} | HTTP actions: {deployment.site_origin}")
            if options["watch"]:
                watching.append(asyncio.create_task(served.deploy_on_changes()))

        async def close_engine() -> None:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
            await served.close()
            await close_pools()

        settings.ROOT_URLCONF = url_patterns(served.deployment, served.set_variables, served.log, served.name)
        server = Server(
            application(served.deployment, get_asgi_application(), site_port),
            host,
            port,
            site_port,
            on_listening=begin,
            on_stop=close_engine,
        )
        try:
            server.run()
        finally:
            kill_descendants()
        if server.failure is not None:
            raise CommandError(f"The ports {port} and {site_port} on {host} cannot be used ({server.failure}).")

    async def _deploy(self, served: hosted.HostedProject) -> None:
        try:
            await served.open()
            result = await served.deploy()
        except EngineError as error:
            raise CommandError(error.message) from error
        if not result.ok:
            await served.close()
            lines = hosted.problem_lines(result.problems)
            raise CommandError("\n".join([f"{served.project.root} does not deploy:", *lines]))


def _environment(entries: list[str]) -> dict[str, str]:
    variables = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        if not equals and name not in os.environ:
            raise CommandError(f"--env {name}: write {name}=VALUE, or set {name} in the environment of this command.")
        variables[name] = value if equals else os.environ[name]
    return variables


def _fetch_policy(entries: list[str], own: list[tuple[str, int]]) -> FetchPolicy:
    """`*` means here also what no name on the internet should lead to: this machine and its private networks."""
    try:
        return FetchPolicy.of([*entries, *(INSIDE if "*" in entries else ())], own)
    except ValueError as error:
        raise CommandError(f"--allow-fetch: {error}") from error
