"""Right solutions written in other ways must still pass: all of them in the soak tier, one of each kind always."""

from __future__ import annotations

import os

import pytest

from lessons import check_corpus
from lessons.check_corpus import Job, Ran
from sandbox.engine import Toolchain

KINDS = {
    "renamed-locals", "reordered-helpers", "for-await", "extracted-functions", "extra-index", "extra-field", "combined"
}  # fmt: skip


def run(jobs: list[Job]) -> list[Ran]:
    ran: list[Ran] = []
    check_corpus.run(jobs, os.cpu_count() or 1, ran.append)
    return ran


def test_a_variant_of_each_kind_passes(tools: Toolchain) -> None:
    made = check_corpus.with_variants(check_corpus.plan(["9.1"], "right").jobs, tools)
    assert {job.variant for job in made} >= KINDS
    first = list({job.variant: job for job in made}.values())
    assert [each.problem for each in run(first) if each.kind != "ok"] == []


def test_a_variant_is_judged_by_its_own_text(tools: Toolchain) -> None:
    (job, *_) = check_corpus.with_variants(check_corpus.plan(["9.1"], "right").jobs, tools)
    broken = {path: text.replace("archivedAt", "archivedWhen") for path, text in (job.files or {}).items()}
    broken["convex/signups.ts"] = "export {};\n"
    (ran,) = run([Job(job.slug, job.task, job.place, job.variant, broken)])
    assert ran.kind == "false reject"


@pytest.mark.soak
def test_every_variant_of_every_right_solution_passes(tools: Toolchain) -> None:
    made = check_corpus.with_variants(check_corpus.plan([], "right").jobs, tools)
    assert [(each.job.name, each.problem) for each in run(made) if each.kind != "ok"] == []
