"""Each layer of the launcher by its effect: alone and all together, as root and as an ordinary user.

What is started behind the layers is Python with a list of attempts, so that nothing but the operating system stands in
its way. That Deno starts behind all of them is test_hardening.py's part.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine.runtime import launcher
from sandbox.engine.runtime.hardening import _LIBRARIES, _LOADERS, _RLIMITS
from tests.conftest import unavailable

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="these layers are Linux's")

NOBODY = 65534
ALL = ("rlimits", "oom", "uid", "parent_death", "no_new_privileges", "landlock", "seccomp")
MIB = 1 << 20

ATTEMPTS = r"""
import ctypes, json, os, resource, socket, sys
asked = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)

def call(function, *args):
    ctypes.set_errno(0)
    result = function(*args)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

def forked():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)

def ran(path):
    try:
        os.execv(path, [path])
    except OSError as error:
        raise error

def opened_many():
    opened = []
    try:
        while len(opened) < 400:
            opened.append(os.open("/dev/null", os.O_RDONLY))
    finally:
        for descriptor in opened:
            os.close(descriptor)

def oom_score():
    try:
        return int(open("/proc/self/oom_score_adj").read())
    except OSError:
        return None

def connected(family, address):
    with socket.socket(family) as client:
        client.connect(address)

def listened():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))

def written():
    with open(asked["scratch"], "w") as file:
        file.write("x" * 10)

attempts = {
    "read": lambda: open("/etc/passwd").read() and None,
    "list": lambda: os.listdir("/etc") and None,
    "secret": lambda: open(asked["secret"]).read() and None,
    "environment": lambda: open(f"/proc/{os.getppid()}/environ").read() and None,
    "write": written,
    "delete": lambda: os.unlink(asked["doomed"]),
    "connect": lambda: connected(socket.AF_INET, ("127.0.0.1", asked["port"])),
    "abstract": lambda: connected(socket.AF_UNIX, asked["abstract"]),
    "listen": listened,
    "pair": lambda: socket.socketpair() and None,
    "signal": lambda: os.kill(os.getppid(), 0),
    "fork": forked,
    "files": opened_many,
    "memory": lambda: len(bytearray(1 << 30)) and None,
    "ptrace": lambda: call(libc.ptrace, 0x4206, os.getppid(), 0, 0),  # PTRACE_SEIZE
    "io_uring": lambda: call(libc.syscall, 425, 1, ctypes.create_string_buffer(256)),
    "bpf": lambda: call(libc.syscall, 321, 0, ctypes.create_string_buffer(128), 128),
    "userfaultfd": lambda: call(libc.syscall, 323, 1),
    "unshare": lambda: call(libc.unshare, 0x10000000),
    "process_vm_readv": lambda: call(libc.syscall, 310, os.getpid(), 0, 0, 0, 0, 0),
    "setsid": lambda: os.setsid() and None,
    "memfd": lambda: os.memfd_create("x") and None,
    "exec": lambda: ran("/bin/true"),
}
found = {}
for name in asked["attempts"]:
    try:
        found[name] = attempts[name]() or "done"
    except (OSError, MemoryError) as error:
        found[name] = type(error).__name__ if isinstance(error, MemoryError) else os.strerror(error.errno or 0)
libc.prctl.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong]
signal = ctypes.c_int()
libc.prctl(2, ctypes.byref(signal), 0, 0, 0)
found["about"] = {
    "uid": os.getresuid(), "gid": os.getresgid(), "groups": os.getgroups(), "oom_score": oom_score(),
    "environ": {name: value for name, value in os.environ.items() if name != "LC_CTYPE"},  # Python's own doing
    "death_signal": signal.value, "no_new_privileges": libc.prctl(39, None, 0, 0, 0),
    "core": resource.getrlimit(resource.RLIMIT_CORE), "files": resource.getrlimit(resource.RLIMIT_NOFILE),
    "size": resource.getrlimit(resource.RLIMIT_FSIZE),
}
print(json.dumps(found), flush=True)
"""


def open_to_all(path: Path) -> bool:
    resolved = path.resolve()
    return all(parent.stat().st_mode & 0o001 for parent in resolved.parents) and bool(resolved.stat().st_mode & 0o005)


@pytest.fixture(scope="module")
def python() -> str:
    """A Python that any user can start; that of a virtual environment may lie where only root can go."""
    for path in (Path(sys.executable), Path("/usr/bin/python3")):
        if path.exists() and open_to_all(path):
            return str(path.resolve())
    return unavailable("No Python that an ordinary user could start. Install: apt-get install python3")


@pytest.fixture(params=["root", "ordinary"])
def account(request: pytest.FixtureRequest) -> str:
    if request.param == "root" and os.geteuid() != 0:
        pytest.skip("these tests run as an ordinary user")
    return str(request.param)


@dataclass
class Workbench:
    """Starts the attempts behind layers. What it shows to them lies open to all users."""

    folder: Path
    python: str
    account: str
    port: int
    abstract: str

    def run(self, attempts: list[str], *layers: str, **options: Any) -> dict[str, Any]:
        """What came of the attempts, and "report": which layers the launcher says it has put on."""
        process = self.start(attempts, layers, report=True, **options)
        out, err = process.communicate(timeout=30)
        report, *errors = err.decode().splitlines()
        assert process.returncode == 0, err.decode()
        assert errors == []
        held = {name: ok for name, (ok, _) in json.loads(report).items()}
        return {**json.loads(out), "report": held}

    def start(self, attempts: list[str], layers: tuple[str, ...], **more: Any) -> subprocess.Popen[bytes]:
        (doomed := self.folder / "doomed").write_text("")
        doomed.chmod(0o666)
        options = {
            "steps": list(layers),
            "report": True,
            "parent": os.getpid(),
            "rlimits": {**_RLIMITS, "DATA": 256 * MIB},
            "environment": {"TZ": "UTC"},
            "read": [*_LIBRARIES, "/dev/null", str(self.folder / "attempts.py")],
            "execute": [self.python, *(path for pattern in _LOADERS for path in glob(pattern))],
            **more,
        }
        asked = {
            "attempts": attempts,
            "scratch": str(self.folder / "scratch"),
            "secret": str(self.folder / "secret"),
            "doomed": str(doomed),
            "port": self.port,
            "abstract": self.abstract,
        }
        target = [self.python, "-I", "-S", str(self.folder / "attempts.py"), json.dumps(asked)]
        argv = [self.python, "-I", "-S", str(self.folder / "launcher.py"), json.dumps(options), "--", *target]
        is_switched = self.account == "ordinary" and os.geteuid() == 0
        identity: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if is_switched else {}
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"SECRET_KEY": "of the server"},
            cwd="/",
            **identity,
        )


@pytest.fixture
def bench(python: str, account: str) -> Iterator[Workbench]:
    folder = Path(tempfile.mkdtemp(prefix="sandbox-launcher-"))
    folder.chmod(0o777)
    shutil.copy(launcher.__file__, folder / "launcher.py")
    (folder / "attempts.py").write_text(ATTEMPTS)
    (folder / "secret").write_text("of another store")
    for file in folder.iterdir():
        file.chmod(0o644)
    abstract = f"\0sandbox-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        local.bind(abstract)
        local.listen()
        yield Workbench(folder, python, account, server.getsockname()[1], abstract)
    shutil.rmtree(folder)


REFUSED = {"Operation not permitted", "Permission denied"}
# What the operating system lets an ordinary user do without any of our layers, on every machine.
FREE = [
    "read",
    "list",
    "secret",
    "write",
    "delete",
    "connect",
    "abstract",
    "listen",
    "pair",
    "fork",
    "memfd",
    "files",
    "memory",
]
KERNEL = ["memfd", "ptrace", "io_uring", "bpf", "userfaultfd", "unshare", "process_vm_readv", "setsid"]
EVERYTHING = [*FREE, *KERNEL, "environment", "signal", "exec"]


def test_without_layers_all_of_it_works(bench):
    """What the other tests rely on: an attempt that fails there fails for the sake of a layer."""
    found = bench.run(sorted(FREE))
    assert {name: found[name] for name in FREE if found[name] != "done"} == {}
    assert found["about"]["environ"] == {"TZ": "UTC"}
    if bench.account == "root":
        assert bench.run(["environment", "signal"])["environment"] == "done"


def test_landlock_alone_closes_the_disk_other_programs_and_the_network(bench):
    files = ["read", "list", "secret", "environment", "write", "delete", "exec"]
    found = bench.run([*files, "connect", "listen"], "no_new_privileges", "landlock")
    assert found["report"] == {"no_new_privileges": True, "landlock": True}
    network = ["connect", "listen"] if landlock_version() >= 4 else []
    for name in (*files, *network):
        assert found[name] in REFUSED, name


@pytest.mark.parametrize("attempt", ["abstract", "signal"])
def test_landlock_alone_closes_what_is_no_file(bench, attempt):
    if landlock_version() < 6:
        pytest.skip("this kernel's Landlock knows neither sockets without a file nor signals")
    assert bench.run([attempt], "no_new_privileges", "landlock")[attempt] in REFUSED


def test_seccomp_alone_closes_sockets_processes_and_the_kernels_corners(bench):
    names = [*KERNEL, "connect", "abstract", "listen", "signal", "fork"]
    found = bench.run([*names, "read"], "no_new_privileges", "seccomp")
    assert found["report"] == {"no_new_privileges": True, "seccomp": True}
    assert {name: found[name] for name in names if found[name] != "Operation not permitted"} == {}
    assert found["read"] == "done"  # the disk is Landlock's


def test_limits_alone_bound_files_writes_and_memory(bench):
    found = bench.run(["write", "files", "memory", "read"], "rlimits")
    assert (found["write"], found["files"], found["memory"]) == ("File too large", "Too many open files", "MemoryError")
    assert (found["about"]["core"], found["about"]["size"]) == ([0, 0], [0, 0])
    assert found["read"] == "done"
    assert (bench.folder / "scratch").read_text() == ""


def test_the_kernel_takes_learner_code_first_when_memory_runs_out(bench):
    found = bench.run([], "oom")
    assert (found["report"], found["about"]["oom_score"]) == ({"oom": True}, 900)


def test_root_becomes_nobody_and_an_ordinary_user_stays(bench):
    found = bench.run(["secret"], "uid")
    uid = NOBODY if os.geteuid() == 0 else os.geteuid()
    assert found["report"] == {"uid": bench.account == "root"}
    assert found["about"]["uid"] == [uid] * 3
    if os.geteuid() == 0:
        assert (found["about"]["gid"], found["about"]["groups"]) == ([NOBODY] * 3, [])


def test_a_parent_that_dies_takes_it_along_also_after_the_change_of_user(bench):
    assert bench.run([], "uid", "parent_death")["about"]["death_signal"] == 9


def test_nothing_runs_with_more_rights_than_it_was_started_with(bench):
    """A program that everybody may run as root gives nothing away."""
    if os.geteuid() != 0:
        pytest.skip("only root can make such a program")
    setuid = bench.folder / "id"
    shutil.copy("/usr/bin/id", setuid)
    setuid.chmod(0o4755)
    bench.account = "ordinary"

    def uid_behind(*layers: str) -> str:
        options = {"steps": list(layers), "report": False, "parent": os.getpid(), "environment": {}}
        argv = [
            bench.python,
            "-I",
            "-S",
            str(bench.folder / "launcher.py"),
            json.dumps(options),
            "--",
            str(setuid),
            "-u",
        ]
        return subprocess.check_output(argv, user=NOBODY, group=NOBODY, extra_groups=[]).decode().strip()

    if uid_behind() != "0":
        pytest.skip("this folder's file system has no such programs")
    assert uid_behind("no_new_privileges") == str(NOBODY)


def test_all_layers_together_leave_nothing(bench):
    layers = ALL if bench.account == "root" else tuple(layer for layer in ALL if layer != "uid")
    found = bench.run(EVERYTHING, *layers)
    assert found["report"] == dict.fromkeys(layers, True)
    # A pair of sockets with both ends in one process reaches nobody.
    assert {name for name in EVERYTHING if found[name] == "done"} <= {"pair"}
    assert found["about"]["environ"] == {"TZ": "UTC"}
    assert found["about"]["no_new_privileges"] == 1


# ── refusing ────────────────────────────────────────────────────────────────


def test_when_a_layer_cannot_be_put_on_nothing_is_started(bench):
    process = bench.start(["read"], ("rlimits", "parent_death"), report=False, parent=1)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (launcher.EXIT_REFUSED, b"")
    assert b"the server is gone" in err


def test_an_unknown_layer_starts_nothing(bench):
    process = bench.start(["read"], ("rlimits", "prayer"), report=False)
    out, _ = process.communicate(timeout=30)
    assert process.returncode != 0
    assert out == b""


def landlock_version() -> int:
    try:
        return launcher._syscall(launcher.LANDLOCK_CREATE, None, 0, 1)
    except OSError:
        return 0
