"""Whom actions may reach: names that the operator listed, and never an address of the inside by way of such a name.

A name says nothing of where it leads: its owner may point it at 127.0.0.1 or at a cloud's metadata address. So the
address is looked at as well, and it is that very address to which client.py then connects.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LOOPBACK: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
# Addresses of IPv6 that stand for one of IPv4: NAT64 (RFC 6052) and the old IPv4-compatible ones.
_EMBEDDING = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """Built by `FetchPolicy.of`. An empty one allows nothing but the practice service.

    `names` are host names, "*.example.com" for all below a name, "*" for every one; each may end in ":port".
    `networks` are addresses of the inside (loopback, private, link-local …) that may be reached although they are.
    `own` are host and port of the deployment itself, which its code may reach wherever they are.
    """

    names: tuple[tuple[str, int | None], ...] = ()
    networks: tuple[Network, ...] = ()
    own: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, entries: Iterable[str], own: Iterable[tuple[str, int]] = ()) -> FetchPolicy:
        """From what an operator writes: names, addresses, networks ("10.0.0.0/8"), "localhost". Raises ValueError."""
        names: list[tuple[str, int | None]] = []
        networks: list[Network] = []
        for entry in entries:
            network = _network(entry)
            if network is not None:
                networks.append(network)
                continue
            host, port = _split_port(entry)
            names.append((host, port))
            address = _network(host)
            if address is not None:
                networks.append(address)
            elif host == "localhost":
                networks += _LOOPBACK
        return cls(tuple(names), tuple(networks), tuple((_bare(host), port) for host, port in own))

    def allows_name(self, host: str, port: int) -> bool:
        """Whether the name (or the address as it is written) may be asked at all."""
        if self.is_own(host, port):
            return True
        address = _address(host)
        if address is not None and any(address in network for network in self.networks):
            ports = [known for name, known in self.names if name == str(address)]
            return not ports or None in ports or port in ports
        host = _bare(host)
        return any(_matches(name, host) and known in (None, port) for name, known in self.names)

    def is_own(self, host: str, port: int) -> bool:
        return (_bare(host), port) in self.own

    def allows_address(self, address: Address) -> bool:
        """Whether the address may be connected to: one of the public internet, or one that is listed."""
        return any(address in network for network in self.networks) or _is_public(address)


def _bare(host: str) -> str:
    return host.removeprefix("[").removesuffix("]").rstrip(".").lower()


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return _is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in _EMBEDDING):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _matches(pattern: str, host: str) -> bool:
    if pattern == "*":
        return True
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def _split_port(entry: str) -> tuple[str, int | None]:
    host, colon, port = entry.strip().lower().rpartition(":")
    if not colon:
        host, port = port, ""
    host = host.removeprefix("[").removesuffix("]")
    name = host.removeprefix("*.")
    is_name = bool(name) and not set(name) & set("/*@?# :")
    if host != "*" and not is_name and _address(host) is None:
        raise ValueError(f"{entry!r} is neither a host name, nor an address, nor a network")
    if colon and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"{entry!r} has no valid port")
    return host.rstrip("."), int(port) if colon else None


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text.strip().removeprefix("[").removesuffix("]"), strict=False)
    except ValueError:
        return None


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
