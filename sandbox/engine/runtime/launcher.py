"""Locks this process down, then becomes the program it was given. Run as `python -I -S launcher.py OPTIONS -- ARGV…`.

A program of its own, standard library only, because code between fork and exec of a threaded server is not safe.
OPTIONS is a JSON object, see hardening.py. Every step that is asked for must succeed, or nothing is started; with
"report" the outcome of every step goes to stderr as one JSON line, failures included, before ARGV is started.
Order matters: a change of uid clears the parent-death signal, and what a later step needs must still be allowed.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import struct
import sys
from collections.abc import Callable
from typing import Any

EXIT_REFUSED = 97
NOBODY = 65534

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
SIGKILL = 9

Options = dict[str, Any]

_libc: Any = ctypes.CDLL(None, use_errno=True)


def _syscall(number: int, *args: Any) -> int:
    result = int(_libc.syscall(ctypes.c_long(number), *args))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


# ── the steps ───────────────────────────────────────────────────────────────


def rlimits(options: Options) -> str:
    """No core files, no writing to disk, few descriptors, bounded memory."""
    for name, value in options["rlimits"].items():
        kind = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(kind)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
    return ", ".join(options["rlimits"])


def oom(options: Options) -> str:
    """When memory runs out, the kernel ends learner code before the server."""
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("900")
    return "score 900"


def uid(options: Options) -> str:
    """Away from root. Fails when this is not root, which is fine: there is nothing to give up."""
    if os.geteuid() != 0:
        raise PermissionError("not started as root")
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    return f"uid {NOBODY}"


def parent_death(options: Options) -> str:
    _prctl(PR_SET_PDEATHSIG, SIGKILL)
    if os.getppid() != options["parent"]:
        raise ProcessLookupError("the server is gone")
    return "SIGKILL"


def no_new_privileges(options: Options) -> str:
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    return "set"


# ── Landlock: what of the file system and the network is left ───────────────

LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
EXECUTE, READ_FILE, READ_DIR = 1, 4, 8
# All rights that a kernel of this Landlock version can take away.
FILE_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
FILE_RIGHTS_NEWEST = (1 << 16) - 1


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("folder", ctypes.c_int32))


def landlock(options: Options) -> str:
    version = _syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    handled = FILE_RIGHTS.get(version, FILE_RIGHTS_NEWEST)
    rules = _Ruleset(handled, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _syscall(LANDLOCK_CREATE, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0))
    for path in options["read"]:
        _allow(ruleset, path, (READ_FILE | READ_DIR) & handled)
    for path in options["execute"]:
        _allow(ruleset, path, (EXECUTE | READ_FILE) & handled)
    _syscall(LANDLOCK_RESTRICT, ruleset, ctypes.c_uint32(0))
    os.close(ruleset)
    return f"version {version}"


def _allow(ruleset: int, path: str, rights: int) -> None:
    if not os.path.exists(path):
        return
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    rule = _PathBeneath(rights if os.path.isdir(path) else rights & ~READ_DIR, descriptor)
    _syscall(LANDLOCK_ADD, ruleset, 1, ctypes.byref(rule), ctypes.c_uint32(0))
    os.close(descriptor)


# ── seccomp: system calls that a JavaScript engine has no use for ───────────

_SECCOMP = {"x86_64": 317, "aarch64": 277}
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# fmt: off
_REFUSED = {
    "x86_64": {
        "socket": 41, "connect": 42, "accept": 43, "bind": 49, "listen": 50, "accept4": 288, "fork": 57, "vfork": 58,
        "kill": 62, "tkill": 200, "setpgid": 109, "setsid": 112, "ptrace": 101, "process_vm_readv": 310,
        "process_vm_writev": 311, "kcmp": 312, "pidfd_send_signal": 424, "pidfd_open": 434, "pidfd_getfd": 438,
        "process_madvise": 440, "shmget": 29, "shmat": 30, "semget": 64, "msgget": 68, "mq_open": 240,
        "memfd_create": 319, "memfd_secret": 447, "mount": 165, "unshare": 272, "setns": 308, "keyctl": 250,
        "add_key": 248, "request_key": 249, "perf_event_open": 298, "bpf": 321, "userfaultfd": 323,
        "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "kexec_load": 246,
        "open_by_handle_at": 304, "personality": 135,
    },
    "aarch64": {
        "socket": 198, "connect": 203, "accept": 202, "bind": 200, "listen": 201, "accept4": 242,
        "kill": 129, "tkill": 130, "setpgid": 154, "setsid": 157, "ptrace": 117, "process_vm_readv": 270,
        "process_vm_writev": 271, "kcmp": 272, "pidfd_send_signal": 424, "pidfd_open": 434, "pidfd_getfd": 438,
        "process_madvise": 440, "shmget": 194, "shmat": 196, "semget": 190, "msgget": 186, "mq_open": 180,
        "memfd_create": 279, "memfd_secret": 447, "mount": 40, "unshare": 97, "setns": 268, "keyctl": 219,
        "add_key": 217, "request_key": 218, "perf_event_open": 241, "bpf": 280, "userfaultfd": 282,
        "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "kexec_load": 104,
        "open_by_handle_at": 265, "personality": 92,
    },
}
# fmt: on
_CLONE = {"x86_64": 56, "aarch64": 220}
_TGKILL = {"x86_64": 234, "aarch64": 131}
_CLONE3 = 435
_CLONE_THREAD = 0x00010000
_X32_BIT = 0x40000000

# Fields of struct seccomp_data, and what a filter may answer.
_NR, _ARCH, _ARG0 = 0, 4, 16
_ALLOW, _KILL_PROCESS, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38

_Instruction = tuple[int, int, int, int]


def _load(offset: int) -> _Instruction:
    return 0x20, 0, 0, offset


def _answer(value: int) -> _Instruction:
    return 0x06, 0, 0, value


def _if_equal(value: int, then: int, otherwise: int) -> _Instruction:
    return 0x15, then, otherwise, value


def _filter(machine: str, pid: int) -> list[_Instruction]:
    refuse = _answer(_ERRNO | _EPERM)
    program = [_load(_ARCH), _if_equal(_AUDIT_ARCH[machine], 1, 0), _answer(_KILL_PROCESS), _load(_NR)]
    if machine == "x86_64":
        program += [(0x35, 0, 1, _X32_BIT), _answer(_KILL_PROCESS)]
    # C libraries fall back to clone, whose flags a filter can see: threads are fine, processes are not.
    program += [_if_equal(_CLONE3, 0, 1), _answer(_ERRNO | _ENOSYS)]
    program += [_if_equal(_CLONE[machine], 0, 4), _load(_ARG0), (0x45, 1, 0, _CLONE_THREAD), refuse, _answer(_ALLOW)]
    # abort() sends a signal to its own process; the pid survives exec.
    program += [_if_equal(_TGKILL[machine], 0, 4), _load(_ARG0), _if_equal(pid, 1, 0), refuse, _answer(_ALLOW)]
    for number in _REFUSED[machine].values():
        program += [_if_equal(number, 0, 1), refuse]
    return [*program, _answer(_ALLOW)]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def seccomp(options: Options) -> str:
    machine = os.uname().machine
    if machine not in _SECCOMP:
        raise OSError(_ENOSYS, f"no list of system calls for {machine}")
    instructions = _filter(machine, os.getpid())
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in instructions))
    program = _Program(len(instructions), ctypes.addressof(code))
    _syscall(_SECCOMP[machine], ctypes.c_uint(1), ctypes.c_uint(0), ctypes.byref(program))
    return f"{len(_REFUSED[machine])} calls refused"


STEPS: dict[str, Callable[[Options], str]] = {
    "rlimits": rlimits,
    "oom": oom,
    "uid": uid,
    "parent_death": parent_death,
    "no_new_privileges": no_new_privileges,
    "landlock": landlock,
    "seccomp": seccomp,
}


def main(arguments: list[str]) -> None:
    options: Options = json.loads(arguments[0])
    argv = arguments[arguments.index("--") + 1 :]
    report: dict[str, list[Any]] = {}
    for name in options["steps"]:
        try:
            report[name] = [True, STEPS[name](options)]
        except (OSError, ValueError, AttributeError) as error:
            report[name] = [False, str(error)]
    if options["report"]:
        sys.stderr.write(json.dumps(report) + "\n")
        sys.stderr.flush()
    elif not all(succeeded for succeeded, _ in report.values()):
        sys.stderr.write(f"refused: {json.dumps(report)}\n")
        sys.stderr.flush()
        os._exit(EXIT_REFUSED)
    os.execve(argv[0], argv, options["environment"])  # noqa: S606 – no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
