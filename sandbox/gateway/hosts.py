"""Under which names a listening address can be reached: what ALLOWED_HOSTS must hold for it."""

from __future__ import annotations

import contextlib
import socket

_EVERY_ADDRESS = {"", "0.0.0.0", "::"}  # noqa: S104 - compared with, not bound


def names_of(host: str) -> list[str]:
    """`host` itself; for an address that means all of this machine, the machine's names and addresses."""
    if host not in _EVERY_ADDRESS:
        return [_bracketed(host)]
    name = socket.gethostname()
    names = {name, f"{name}.local", socket.getfqdn()}
    with contextlib.suppress(OSError):
        names |= {_bracketed(str(address[4][0])) for address in socket.getaddrinfo(name, None)}
    return sorted({*names, *filter(None, [_outward_address()])})


def shown_name(host: str) -> str:
    """The name to print for learners: the address that others reach, where `host` means all of this machine."""
    return (_outward_address() or socket.gethostname()) if host in _EVERY_ADDRESS else _bracketed(host)


def _outward_address() -> str | None:
    """The address from which packets would leave this machine. Connecting a datagram socket sends nothing."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])
    return None


def _bracketed(address: str) -> str:
    return f"[{address.partition('%')[0]}]" if ":" in address else address
