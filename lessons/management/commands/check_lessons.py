"""`manage.py check_lessons`: every solution of the course against every check; no false accept, no false reject."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections import Counter, defaultdict
from dataclasses import replace
from statistics import median
from typing import Any

from django.core.management import BaseCommand, CommandError

from lessons import check_corpus
from lessons.check_corpus import Plan, Ran
from sandbox.engine import EngineError
from sandbox.gateway import front_end

BAR_WIDTH = 30
WRONG_KINDS = ("false accept", "false reject", "wrong finding", "passing starter", "fault")


class Command(BaseCommand):
    help = "Runs every solution against its task's check: right ones must pass, wrong ones fail with their finding."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", nargs="*", help="lessons or tasks, such as trash-can, 9 or 9.2 (default: all)")
        parser.add_argument("--only", choices=("right", "wrong"), help="these solutions alone, without the starter")
        parser.add_argument("--variants", action="store_true", help="instead: right solutions written in other ways")
        parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if front_end.is_stale():
                front_end.build(self._say)
            plan = check_corpus.plan(options["what"], options["only"])
            if options["variants"]:
                plan = replace(plan, jobs=tuple(check_corpus.with_variants(plan.jobs, front_end.toolchain())))
        except (front_end.FrontEndUnavailable, EngineError, ValueError) as error:
            raise CommandError(str(error)) from error
        ran: list[Ran] = []
        check_corpus.run(plan.jobs, options["jobs"], lambda each: self._note(ran, each, len(plan.jobs)))
        self._report(plan, sorted(ran, key=lambda each: each.job.name))

    def _note(self, ran: list[Ran], each: Ran, total: int) -> None:
        ran.append(each)
        if sys.stderr.isatty():
            done = BAR_WIDTH * len(ran) // total
            end = "\n" if len(ran) == total else ""
            bar = f"[{'█' * done}{'░' * (BAR_WIDTH - done)}] {len(ran)}/{total}"
            sys.stderr.write(f"\r{bar} {each.job.name[:40]:40}{end}")
            sys.stderr.flush()

    def _report(self, plan: Plan, ran: list[Ran]) -> None:
        for each in ran:
            if each.kind != "ok":
                self._say(f"{each.kind.upper()}  {each.job.name}\n    {each.problem}")
            if each.words > check_corpus.WORDS_MAX:
                self._say(f"long verdict  {each.job.name}: {each.words} words, not {check_corpus.WORDS_MAX}")
            if not each.is_whole:
                self._say(f"nowhere to look  {each.job.name}")
        for error in plan.errors:
            self._say(f"CONTENT  {error}")
        for line in plan.missing:
            self._say(f"still missing  {line}")
        self._say(_times(ran))
        counts = Counter(each.kind for each in ran)
        self._say(
            f"{len(ran)} checks: {counts['ok']} as they should be, "
            + ", ".join(f"{counts[kind]} {kind}{'' if counts[kind] == 1 else 's'}" for kind in WRONG_KINDS)
            + f", {len(plan.errors)} errors of content"
        )
        if counts["ok"] != len(ran) or plan.errors:
            raise CommandError("The corpus and the checks do not agree.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)


def _times(ran: list[Ran]) -> str:
    """A line for each task: how many checks, half of them faster than, the slowest."""
    tasks: dict[str, list[float]] = defaultdict(list)
    for each in ran:
        tasks[f"{each.job.slug}.{each.job.task}"].append(each.ms)
    lines = [
        f"{task:28} {len(ms):3} checks  p50 {median(ms):5.0f} ms  max {max(ms):5.0f} ms" for task, ms in tasks.items()
    ]
    return "\n".join(lines)
