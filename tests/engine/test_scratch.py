"""Scratch folders: gone with their block, and swept when their owner was killed. What is in use stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.engine import scratch_folder, sweep_scratch

ROOT = Path(__file__).parents[2]
OWNER = """
import asyncio, sys
from pathlib import Path
from sandbox.engine import scratch_folder

async def main():
    async with scratch_folder(Path(sys.argv[1]), "fork") as folder:
        (folder / "store.db").write_text("rows")
        print(folder, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def age(folder: Path) -> None:
    """As if it had been made an hour ago."""
    os.utime(folder, (0, 0))


async def test_a_folder_is_gone_after_its_block_however_it_ends(tmp_path):
    async def use() -> None:
        async with scratch_folder(tmp_path, "fork") as folder:
            (folder / "deep").mkdir()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await use()
    assert list(tmp_path.iterdir()) == []


async def test_a_folder_in_use_is_left_alone(tmp_path):
    async with scratch_folder(tmp_path, "fork") as folder:
        age(folder)
        assert sweep_scratch(tmp_path) == 0
        assert folder.is_dir()


@pytest.mark.slow
def test_the_folder_of_a_killed_server_is_swept(tmp_path):
    with subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE) as owner:
        folder = Path(owner.stdout.readline().decode().strip())
        age(folder)
        assert sweep_scratch(tmp_path) == 0
        owner.send_signal(signal.SIGKILL)
    assert folder.is_dir()
    assert sweep_scratch(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


def test_what_was_just_made_and_what_is_no_scratch_stays(tmp_path):
    (tmp_path / "fork-new.scratch").mkdir()
    (tmp_path / "reactive-sandbox-0").mkdir()
    (tmp_path / "file.scratch").write_text("")
    outside = tmp_path.parent / "outside"
    outside.mkdir(exist_ok=True)
    (tmp_path / "link.scratch").symlink_to(outside, target_is_directory=True)
    age(outside)
    assert sweep_scratch(tmp_path) == 0
    assert len(list(tmp_path.iterdir())) == 4
    assert outside.is_dir()
