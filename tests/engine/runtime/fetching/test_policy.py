"""Whom actions may reach, and whom not, however the name or the address is written."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.engine.runtime.fetching import FetchPolicy

INSIDE = [
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",  # noqa: S104
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_of_the_inside_is_refused_even_when_every_name_is_allowed(address):
    assert not FetchPolicy.of(["*"]).allows_address(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:2800:220:1::1", "::ffff:8.8.8.8"])
def test_an_address_of_the_internet_is_allowed(address):
    assert FetchPolicy().allows_address(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:{}", "64:ff9b::{}"]))
def test_an_address_wrapped_into_ipv6_is_judged_as_the_one_inside(address, wrapping):
    policy = FetchPolicy.of(["*"])
    wrapped = ipaddress.ip_address(wrapping.format(address))
    assert policy.allows_address(wrapped) == policy.allows_address(address)


@pytest.mark.parametrize(
    ("entries", "host", "port", "allowed"),
    [
        ([], "api.example.com", 443, False),
        (["api.example.com"], "api.example.com", 443, True),
        (["api.example.com"], "API.Example.com.", 8443, True),
        (["api.example.com"], "evil.api.example.com", 443, False),
        (["api.example.com"], "api.example.com.evil.net", 443, False),
        (["api.example.com:443"], "api.example.com", 443, True),
        (["api.example.com:443"], "api.example.com", 22, False),
        (["*.example.com"], "a.b.example.com", 443, True),
        (["*.example.com"], "example.com", 443, False),
        (["*.example.com"], "badexample.com", 443, False),
        (["*"], "anything.at.all", 25, True),
        (["localhost"], "localhost", 3000, True),
        (["127.0.0.1:3000"], "127.0.0.1", 3000, True),
        (["127.0.0.1:3000"], "127.0.0.1", 22, False),
        (["10.0.0.0/8"], "10.1.2.3", 80, True),
        (["10.0.0.0/8"], "11.1.2.3", 80, False),
        (["[::1]:3000"], "::1", 3000, True),
    ],
)
def test_a_name_is_allowed_when_it_is_listed(entries, host, port, allowed):
    assert FetchPolicy.of(entries).allows_name(host, port) == allowed


def test_a_listed_private_address_may_be_connected_to():
    policy = FetchPolicy.of(["localhost", "10.0.0.0/8"])
    assert policy.allows_address(ipaddress.ip_address("127.0.0.1"))
    assert policy.allows_address(ipaddress.ip_address("10.9.9.9"))
    assert not policy.allows_address(ipaddress.ip_address("192.168.0.1"))


def test_the_deployment_itself_may_be_reached_at_its_port_alone():
    policy = FetchPolicy.of([], own=[("127.0.0.1", 3210), ("[::1]", 3211), ("Box.local", 3210)])
    assert policy.allows_name("127.0.0.1", 3210)
    assert policy.allows_name("::1", 3211)
    assert policy.allows_name("box.local.", 3210)
    assert policy.is_own("box.local", 3210)
    assert not policy.allows_name("127.0.0.1", 22)
    assert not policy.allows_name("localhost", 3210)
    assert not policy.allows_address(ipaddress.ip_address("127.0.0.1"))


@pytest.mark.parametrize("entry", ["", "https://example.com", "a b", "host:0", "host:99999", "host:x", "user@host"])
def test_what_is_no_host_is_refused_when_the_policy_is_made(entry):
    with pytest.raises(ValueError, match=r"is neither|has no valid port"):
        FetchPolicy.of([entry])
