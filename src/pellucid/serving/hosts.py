"""Which names a service answers to.

A page of another site can make its own name lead to 127.0.0.1 (DNS rebinding); the browser then
takes the service for a part of that page. The ``Host`` field still has the foreign name, so that a
service that answers to its own names alone is safe. Addresses cannot be rebound.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from pellucid.checks import brief
from pellucid.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_REMEMBERED = 64
_DEFAULT_PORTS = {b"http": b"80", b"https": b"443"}


class Hosts:
    """The names that a service answers to.

    Args:
        bound: Where it listens: an address or a name. A loopback address allows loopback names
            and addresses alone, any other every address and the name itself.
        allowed: Further names, without port; ``*`` for any.

    Raises:
        ArgumentError: If a name has more than letters, digits, ``-`` and ``.``.
    """

    def __init__(self, bound: str, allowed: Iterable[str] = ()) -> None:
        self.local = is_loopback(bound)
        self.names = {"localhost", bound.lower().rstrip("."), *map(_checked, allowed)}
        self._known: set[bytes] = set()

    def allows(self, host: bytes) -> bool:
        """Whether a request with this ``Host`` field is for this service."""
        if host in self._known:
            return True
        name, ok = _name(host)
        if not ok or not self._is_own(name):
            return False
        if len(self._known) < _MOST_REMEMBERED:
            self._known.add(host)
        return True

    def _is_own(self, name: str) -> bool:
        if "*" in self.names or name in self.names or name.endswith(".localhost"):
            return True
        address = _address(name)
        return address is not None and (address.is_loopback or not self.local)


def is_loopback(bound: str) -> bool:
    """Whether what listens there is reached from this machine alone."""
    address = _address(bound)
    return bound.lower() == "localhost" if address is None else address.is_loopback


def same_origin(origin: bytes, host: bytes) -> bool:
    """Whether an ``Origin`` field names the site that a ``Host`` field does.

    The scheme is not compared: a proxy before the service may speak TLS.
    """
    scheme, separator, place = origin.lower().partition(b"://")
    port = _DEFAULT_PORTS.get(scheme)
    if not separator or port is None:
        return False
    host = host.lower()
    return place == host or place.removesuffix(b":" + port) == host.removesuffix(b":" + port)


def _checked(name: str) -> str:
    lower = name.lower().rstrip(".")
    plain = lower.replace("-", "").replace(".", "").replace("_", "")
    if name != "*" and not (plain.isascii() and plain.isalnum()) and _address(lower) is None:
        raise ArgumentError(
            f"an allowed host is a name without scheme and port, e.g. pictures.example.org, or *; "
            f"got {brief(name)}"
        )
    return lower or name


def _name(host: bytes) -> tuple[str, bool]:
    """The name in a ``Host`` field, without port, and whether it is well-formed."""
    try:
        text = host.decode("ascii").lower()
    except UnicodeDecodeError:
        return "", False
    if text.startswith("["):
        name, closing, port = text[1:].partition("]")
        if not closing or (port and not port.startswith(":")):
            return "", False
        port = port[1:]
    else:
        name, _, port = text.partition(":")
    well = bool(name) and (not port or (port.isdigit() and len(port) <= 5))
    return name.removesuffix("."), well


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None
