"""Which addresses a webhook may have: public ones, so that nobody reaches into a private network through us.

The name is resolved once, and the connection goes to the address that was checked: a second look-up could give another.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from typing import Any

from notifications.common.errors import DeliveryFailedError, RefusedDeliveryError

Resolve = Callable[..., Iterable[tuple[Any, ...]]]
"""As `socket.getaddrinfo`."""
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Of version 6 all that anybody reaches; in it what leads to an address of version 4 of any kind, or to nobody
_UNICAST = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in ("2002::/16", "2001::/32", "3fff::/20", "192.0.0.0/24", "192.88.99.0/24")
)


def address_of(host: str, port: int, *, allow_private: bool, resolve: Resolve = socket.getaddrinfo) -> str:
    """Resolve `host` and return an address to connect to.

    Raises RefusedDeliveryError if any of its addresses is not public, DeliveryFailedError if it has none.
    """
    try:
        found = list(resolve(host, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as error:
        raise DeliveryFailedError(f"{host} cannot be resolved: {error}") from error
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not addresses:
        raise DeliveryFailedError(f"{host} has no address")
    for address in addresses:
        if not allow_private and not is_public(ipaddress.ip_address(address)):
            raise RefusedDeliveryError(f"{host} has the address {address}, which is not public")
    return addresses[0]


def is_public(address: Address) -> bool:
    """Tell whether the address is reachable by everybody: not private, loopback, link-local, multicast, reserved."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return is_public(address.ipv4_mapped)
        if address not in _UNICAST:
            return False
    if any(address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)
