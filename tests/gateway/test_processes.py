from __future__ import annotations

import os
import subprocess
import sys

SCRIPT = """
import subprocess, sys
from sandbox.gateway import processes
child = subprocess.Popen(["sh", "-c", "sleep 300 & echo $!; wait"], stdout=subprocess.PIPE, text=True)
grandchild = int(child.stdout.readline())
assert {child.pid, grandchild} <= set(processes.descendants())
print(grandchild, flush=True)
processes.end_at_once()
"""


def test_children_and_their_children_end_with_the_process():
    ended = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=10, check=True)
    assert not is_running(int(ended.stdout))


def is_running(process: int) -> bool:
    """Whether it runs; one that ended but was not waited for by its new parent does not."""
    try:
        with open(f"/proc/{process}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_this_process_is_not_below_itself():
    from sandbox.gateway import processes

    assert os.getpid() not in processes.descendants()
