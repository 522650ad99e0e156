"""Which addresses a receiver may have."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from notifications.common.errors import DeliveryFailedError, RefusedDeliveryError
from notifications.delivery.sending.addresses import address_of, is_public

PUBLIC = [
    "93.184.216.34",
    "1.1.1.1",
    "2606:4700:4700::1111",
    "2a00:1450:4001::200e",
    "2001:4860:4860::8888",
    "::ffff:93.184.216.34",
]
NOT_PUBLIC = [
    "127.0.0.1",
    "127.255.0.3",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - nobody binds to it
    "255.255.255.255",
    "224.0.0.1",
    "239.1.2.3",
    "240.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "::1",
    "::",
    "::127.0.0.1",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2001:0:53aa:64c::1",
    "2001:db8::1",
    "3fff::1",
    "fec0::1",
    "::ffff:0:7f00:1",
    "64:ff9b:1::7f00:1",
    "100::1",
    "4000::1",
    "5f00::1",
    "192.0.0.9",
    "192.0.0.170",
    "192.88.99.1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_one(address: str) -> None:
    """Also one of version 4 that is written as one of version 6."""
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_not_everybody_reaches_is_not_public(address: str) -> None:
    """Private, loopback, link-local, shared, multicast, reserved, documentation, and what leads to one of these."""
    assert not is_public(ipaddress.ip_address(address))


def resolving_to(*addresses: str) -> Any:
    """Give a resolver."""
    return lambda *_, **__: [(None, None, None, "", (address, 443)) for address in addresses]


def test_a_name_with_one_private_address_is_refused_whatever_else_it_has() -> None:
    """Which of them a connection takes is not left to chance."""
    with pytest.raises(RefusedDeliveryError, match=r"shop.example has the address 10.0.0.1, which is not public"):
        address_of("shop.example", 443, allow_private=False, resolve=resolving_to("1.1.1.1", "10.0.0.1"))


def test_a_private_address_is_taken_where_that_is_allowed() -> None:
    """Teams with receivers in their own network say so in a parameter."""
    assert address_of("shop.example", 443, allow_private=True, resolve=resolving_to("10.0.0.1")) == "10.0.0.1"


@pytest.mark.parametrize("written", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "[::1]"])
def test_loopback_is_found_however_it_is_written(written: str) -> None:
    """The system's resolver reads more spellings than one would think; what it makes of them is checked."""
    with pytest.raises((RefusedDeliveryError, DeliveryFailedError)):
        address_of(written.strip("[]"), 443, allow_private=False)


@pytest.mark.parametrize("name", ["no-such-name.invalid", "", "a..b", "x" * 300, "\udc80"])
def test_a_name_without_an_address_is_tried_again(name: str) -> None:
    """Name servers fail, and names come back."""
    with pytest.raises((DeliveryFailedError, RefusedDeliveryError)):
        address_of(name, 443, allow_private=False)
