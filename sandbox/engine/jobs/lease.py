"""The lease under which one process, of all that have a deployment open, runs its jobs.

It lasts ten seconds and is renewed while there is work; a process that ended without giving it back is recognised on
the same machine, so that a restart need not wait. Two owners at once do no harm: every job is taken by a commit.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from sandbox.engine.clock import Clock
from sandbox.engine.store import Store

LEASE_NAME = "jobs"
LEASE_SECONDS = 10.0
RENEW_SECONDS = 3.0


class JobLease:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._owner = f"{_address_of(os.getpid())} {secrets.token_hex(8)}"
        self._taken_ns: int | None = None

    @property
    def is_held(self) -> bool:
        return self._taken_ns is not None and self._clock.now_ns() < self._taken_ns + int(LEASE_SECONDS * 1e9)

    async def hold(self) -> bool:
        """Takes or renews it. False while another process has it."""
        now_ns = self._clock.now_ns()
        if self._taken_ns is not None and 0 <= now_ns - self._taken_ns < RENEW_SECONDS * 1e9:
            return True
        taken = await self._take()
        if not taken:
            owner = await self._store.lease_owner(LEASE_NAME)
            if owner is not None and _is_gone(owner):
                await self._store.drop_lease(LEASE_NAME, owner)
                taken = await self._take()
        self._taken_ns = now_ns if taken else None
        return taken

    async def drop(self) -> None:
        """Gives it back. Does nothing without it."""
        if self._taken_ns is not None:
            self._taken_ns = None
            await self._store.drop_lease(LEASE_NAME, self._owner)

    async def _take(self) -> bool:
        return await self._store.take_lease(LEASE_NAME, self._owner, LEASE_SECONDS)


def _address_of(pid: int) -> str:
    """Machine, process and when it began: a pid may be given to another process later. "" when that is not known."""
    try:
        machine = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        namespace = os.stat("/proc/self/ns/pid").st_ino
        # The name in parentheses may hold anything, also spaces.
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        started = fields[18]
    except (OSError, ValueError, IndexError):
        return ""
    return "" if state in "ZX" else f"{machine} {namespace} {pid} {started}"  # a zombie has ended


def _is_gone(owner: str) -> bool:
    """Whether the owner's process has certainly ended: it was one of this machine, and is not there any more."""
    parts = owner.split()
    own = _address_of(os.getpid()).split()
    if len(parts) != 5 or len(own) != 4 or parts[:2] != own[:2] or not parts[2].isdigit():
        return False
    return _address_of(int(parts[2])).split() != parts[:4]
