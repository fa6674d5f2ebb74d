"""The header fields of a request by which a server decides who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.checks import brief
from pellucid.serving.hosts import same_origin
from pellucid.serving.refused import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ONCE = frozenset(
    (b"host", b"origin", b"authorization", b"content-encoding", b"content-length", b"content-type",
     b"sec-fetch-site")
)  # fmt: skip


def single_fields(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """The header fields by name; those that decide who asks for what may come once.

    Raises:
        RefusedError: If one of these came twice.
    """
    fields: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in fields and name in _ONCE:
            raise RefusedError(400, f"the header field {name.decode('ascii')} came twice")
        fields[name] = value
    return fields


def other_site(fields: Mapping[bytes, bytes], host: bytes) -> str | None:
    """The site whose page lets a browser ask, as it is printed; None: no page of another one.

    Browsers set ``Sec-Fetch-Site`` and ``Origin``; pages cannot.

    Args:
        fields: Of the request.
        host: Its ``Host`` field.
    """
    origin, site = fields.get(b"origin"), fields.get(b"sec-fetch-site", b"none")
    if site in (b"same-origin", b"none") and (origin is None or same_origin(origin, host)):
        return None
    return brief((origin or site).decode("latin-1"))
