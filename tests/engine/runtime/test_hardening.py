"""The walls of the operating system: what each layer stops, and when learner code is refused."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.engine.errors import RunnerRefused
from sandbox.engine.runtime import hardening
from sandbox.engine.runtime.hardening import HardeningReport, command, probe
from tests.engine.runtime.test_launcher import python  # noqa: F401 - a fixture

NEEDS_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="these layers are Linux's")
NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up its uid")

# A program with every permission that Deno can give, so that only the operating system stands in its way.
ESCAPE = """
const attempt = async (name, act) => {
  try { return [name, await act() ?? "done"]; } catch (error) { return [name, error.name]; }
};
console.log(JSON.stringify(Object.fromEntries([
  await attempt("uid", () => Deno.uid()),
  await attempt("read", () => Deno.readTextFileSync("/etc/passwd").length),
  await attempt("environment", () => Deno.readTextFileSync(`/proc/${Deno.ppid}/environ`).length),
  await attempt("write", () => Deno.writeTextFileSync("/tmp/reactive-sandbox-escape", "x")),
  await attempt("run", () => new Deno.Command("/bin/true").outputSync().code),
  await attempt("kill", () => Deno.kill(Deno.ppid, "SIGCONT")),
  await attempt("listen", () => Deno.listen({ port: 0 }).addr.port),
  await attempt("connect", async () => (await Deno.connect({ hostname: "127.0.0.1", port: 1 })).rid),
])));
"""


async def escape(tools, tmp_path: Path, *without: str, ordinary: str | None = None) -> dict[str, object]:
    """What the program could do behind all layers that this machine has, but those left out.

    `ordinary` is a Python that starts it all as an ordinary user, who has no other user to change to.
    """
    tmp_path.chmod(0o755)
    program = tmp_path / "escape.js"
    program.write_text(ESCAPE)
    report = await probe(tools)
    steps = tuple(step for step in report.steps if step not in without)
    identity = {}
    if ordinary is not None:
        steps = tuple(step for step in steps if step != "uid")
        identity = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    argv = hardening._command(report.deno, program, steps, report.data_bytes)
    if ordinary is not None:
        launcher = shutil.copy(hardening._LAUNCHER, tmp_path)
        argv[:4] = [ordinary, "-I", "-S", launcher]
    argv[argv.index("run") + 1 : argv.index("run") + 1] = ["-A"]
    process = await asyncio.create_subprocess_exec(*argv, env={}, cwd="/", stdin=-3, stdout=-1, stderr=-1, **identity)
    stdout, stderr = await process.communicate()
    assert process.returncode == 0, stderr
    return json.loads(stdout)


@pytest.fixture
def open_folder(tmp_path_factory):
    """A folder that another uid can reach; pytest's own are closed to others."""
    folder = Path("/tmp") / f"reactive-sandbox-test-{os.getpid()}"  # noqa: S108
    folder.mkdir(mode=0o755, exist_ok=True)
    yield folder
    shutil.rmtree(folder)


@NEEDS_LINUX
async def test_every_layer_of_a_modern_kernel_holds_here(tools):
    report = await probe(tools)
    assert report.is_walled
    for layer in ("rlimits", "parent_death", "no_new_privileges", "seccomp"):
        assert report.holds(layer), str(report)


@NEEDS_LINUX
async def test_with_all_layers_nothing_outside_can_be_touched(tools, open_folder):
    found = await escape(tools, open_folder)
    assert {name: value for name, value in found.items() if name != "uid" and not isinstance(value, str)} == {}
    assert "done" not in found.values()


@NEEDS_LINUX
async def test_with_all_layers_an_ordinary_users_server_gives_nothing_away_either(tools, open_folder, python):  # noqa: F811
    found = await escape(tools, open_folder, ordinary=python)
    assert {name for name, value in found.items() if name != "uid" and not isinstance(value, str)} == set()
    assert "done" not in found.values()
    assert found["uid"] != 0


@NEEDS_ROOT
async def test_learner_code_never_runs_as_root(tools, open_folder):
    assert (await escape(tools, open_folder))["uid"] == 65534


@NEEDS_LINUX
@pytest.mark.parametrize(
    ("layer", "stops"),
    [("landlock", {"read", "environment", "run", "write"}), ("seccomp", {"listen", "connect", "kill", "run"})],
)
async def test_each_layer_stops_its_part_without_the_other(tools, open_folder, layer, stops):
    other = {"landlock": "seccomp", "seccomp": "landlock"}[layer]
    found = await escape(tools, open_folder, other)
    assert {name for name in stops if not isinstance(found[name], str) or found[name] == "done"} == set()


def reported(**layers: bool) -> HardeningReport:
    return HardeningReport(
        layers=tuple((name, ok, "") for name, ok in layers.items()),
        runs_as_root=False,
        deno=Path("/deno"),
        runner=Path("/runner.js"),
        data_bytes=0,
    )


async def refuse(tools, monkeypatch, report: HardeningReport) -> None:
    async def probed(_tools):
        return report

    monkeypatch.setattr(hardening, "probe", probed)
    await command(tools)


async def test_without_landlock_and_without_another_uid_learner_code_is_refused(tools, monkeypatch):
    with pytest.raises(RunnerRefused, match="--unsafe-runner"):
        await refuse(tools, monkeypatch, reported(landlock=False, uid=False))


@pytest.mark.parametrize("layers", [{"landlock": True, "uid": False}, {"landlock": False, "uid": True}])
async def test_one_of_the_two_walls_is_enough(tools, monkeypatch, layers):
    await refuse(tools, monkeypatch, reported(**layers))


async def test_an_operator_may_ask_for_less(tools, monkeypatch):
    await refuse(replace(tools, allow_unhardened=True), monkeypatch, reported(landlock=False, uid=False))


async def test_nobody_may_ask_for_root(tools, monkeypatch):
    with pytest.raises(RunnerRefused, match="root"):
        await refuse(
            replace(tools, allow_unhardened=True),
            monkeypatch,
            replace(reported(landlock=True, uid=False), runs_as_root=True),
        )


@NEEDS_ROOT
async def test_a_deno_that_others_cannot_reach_is_copied_to_where_they_can(tools, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    deno = closed / "deno"
    os.link(tools.deno.resolve(), deno) if tools.deno.stat().st_dev == tmp_path.stat().st_dev else shutil.copy2(
        tools.deno, deno
    )
    report = await probe(replace(tools, deno=deno, work=closed))
    assert report.deno != deno
    assert report.is_walled
    report.deno.unlink()
