"""`manage.py bench`: every performance claim, measured beside its floor in one run (design: ratios, not seconds)."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError

from sandbox.gateway import front_end


class Command(BaseCommand):
    help = "Measures the store, function calls and the way from a mutation to the other client."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
        parser.add_argument("--documents", type=int, default=1_000_000, help="size of the large table (default: 10⁶)")
        parser.add_argument("--soak", action="store_true", help="instead: memory over 10,000 calls and 1,000 deploys")
        parser.add_argument("--browser", action="store_true", help="instead: the workspace page in Chromium")

    def handle(self, *args: Any, **options: Any) -> None:
        machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
        self.stdout.write(f"machine: {machine}\n")
        with tempfile.TemporaryDirectory(prefix="sandbox-bench-") as folder:
            figures = asyncio.run(self._measure(Path(folder), options))
        from tests.benchmarks.figures import table

        self.stdout.write("\n" + table(figures) + "\n")
        if options["json"] is not None:
            report = {"machine": machine, "figures": [figure.as_json() for figure in figures]}
            options["json"].write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")

    async def _measure(self, folder: Path, options: dict[str, Any]) -> list[Any]:
        from tests.benchmarks import browser, crowd, functions, laboratory, processes, store, wire

        try:
            if front_end.is_stale():
                front_end.build(self._say)
            tools = front_end.toolchain()
        except front_end.FrontEndUnavailable as error:
            raise CommandError(str(error)) from error
        documents = options["documents"]
        if options["soak"]:
            return await processes.soak(folder, tools)
        if options["browser"]:
            try:
                return await browser.measure(folder / "browser")
            except browser.NoBrowser as error:
                raise CommandError(str(error)) from error
        pushed = await wire.measure(folder / "wire") + await crowd.measure(folder / "crowd")
        called = await functions.measure(folder, tools)
        started = await processes.measure(folder, tools)
        stored = await store.measure(folder, self._say, documents)
        return [*pushed, *called, *started, *stored, *await laboratory.measure(folder / "lab", self._say, documents)]

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
