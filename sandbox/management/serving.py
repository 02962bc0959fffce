"""What `start` and `host` share: the checks before a server listens, each answered with one sentence when it fails."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from types import FrameType

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from sandbox.engine import EngineError, probe
from sandbox.gateway import front_end
from sandbox.gateway.processes import end_at_once


class ServingCommand(BaseCommand):
    """A management command that serves until SIGINT or SIGTERM."""

    requires_system_checks = ()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _build_front_end(self) -> None:
        try:
            front_end.find_deno()
            if front_end.is_stale():
                self._say("front end: building; the first time takes up to a minute")
                front_end.build(self._say)
        except front_end.FrontEndUnavailable as error:
            raise CommandError(str(error)) from error

    def _require_walls(self) -> None:
        """Says which walls stand around learner code, and refuses where the one that matters is missing."""
        try:
            report = asyncio.run(probe(front_end.toolchain()))
        except (EngineError, OSError) as error:  # a TimeoutError is an OSError
            raise CommandError(f"Deno does not start on this machine ({error or 'it does not answer'}).") from error
        held = ", ".join(name for name, holds, _ in report.layers if holds) or "none"
        missing = "; ".join(f"{name} ({detail})" for name, holds, detail in report.layers if not holds)
        self._say(f"learner code runs behind: {held}" + (f" | missing: {missing}" if missing else ""))
        if report.is_walled:
            return
        if report.runs_as_root:
            raise CommandError(
                "Learner code would run as root here, because changing to another user failed; "
                "start the site as an ordinary user."
            )
        if not settings.UNSAFE_RUNNER:
            raise CommandError(
                "This system offers neither Landlock nor a change of user, so learner code could read your files; "
                "start with --unsafe-runner only if every learner may do that."
            )
        self._say("WARNING: --unsafe-runner: learner code can read every file that this account can read")


def end_on_signals() -> None:
    """Until the server takes the signals itself: end at once, also when they were inherited as ignored."""

    def end(number: int, frame: FrameType | None) -> None:
        end_at_once()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)


def require_free_port(host: str, port: int) -> None:
    if not 1 <= port <= 65535:
        raise CommandError(f"{port} is not a port; choose one from 1024 to 65535 with --port.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        raise CommandError(_port_problem(host, port, error)) from error


def _port_problem(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is used by another program; choose another one with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this account has; choose one above 1023 with --port."
    reason = (error.strerror or str(error)).lower()
    return f"This machine cannot listen on {host} ({reason}); choose another address with --host."
