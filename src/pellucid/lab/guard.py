"""The checks before a lab: who may ask, and how much may be sent.

Pure ASGI, around any application. In this order:

- The ``Host`` field must name this machine (DNS rebinding, :mod:`pellucid.serving.hosts`).
- The address must begin with the lab's token, which no other page or user can know.
- A request for anything but the lab's first page must not come from another site or a frame:
  ``Sec-Fetch-*`` and ``Origin``, which browsers set and pages cannot.
- A body must be small.

The application gets the path behind the token.
"""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING, Any

from pellucid.checks import brief
from pellucid.serving.fields import other_site, single_fields
from pellucid.serving.refused import RefusedError, send_refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from pellucid.serving.hosts import Hosts

    Message = MutableMapping[str, Any]
    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BYTES = 1 << 24
"""Bytes of a request's body: decisions on tens of thousands of pictures."""

_COMMON = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
_DATA_POLICY = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox"
DATA_HEADERS = (*_COMMON, (b"content-security-policy", _DATA_POLICY))
"""Of every response that is no page."""

BODY_SECONDS = 60.0
"""For which a request's body may take to arrive."""


class Guard:
    """An application that only those reach who know its token.

    Args:
        app: The application; it sees paths without the token.
        token: The first part of every path; of letters, digits, ``-`` and ``_``.
        hosts: The names that it answers to.
        once: A second word, which leads to the token the first time that it is asked for: a
            browser gets its address in a command line, which others on this machine can read.
    """

    def __init__(self, app: App, token: str, hosts: Hosts, once: str | None = None) -> None:
        self._app, self._token, self._hosts = app, token.encode("ascii"), hosts
        self._once = None if once is None else once.encode("ascii")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        started = False

        async def passed_on(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", ()), *_policies(message)]
            await send(message)

        try:
            path = self._admitted(scope)
            limited = _Limited(receive)
            await self._app({**scope, "path": path, "raw_path": path.encode()}, limited, passed_on)
        except RefusedError as error:
            if started:
                raise
            await send_refusal(send, error, DATA_HEADERS)

    def _admitted(self, scope: Scope) -> str:
        """The path behind the token.

        Raises:
            RefusedError: If the request is not for this lab, or not from its own pages.
        """
        fields = single_fields(scope["headers"])
        host = fields.get(b"host", b"")
        if not self._hosts.allows(host):
            raise RefusedError(
                421,
                f"the lab does not answer to the name {brief(host.decode('latin-1'))}; open the "
                "address that pellucid lab printed",
            )
        path: str = scope["path"]
        token, slash, rest = path.removeprefix("/").partition("/")
        if self._once is not None and hmac.compare_digest(
            token.encode("utf-8", "replace"), self._once
        ):
            self._once = None
            raise RefusedError(303, "open the lab", [(b"location", b"/" + self._token + b"/")])
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self._token):
            raise RefusedError(
                403,
                "this address lacks the lab's token; open the address that pellucid lab printed",
            )
        if not slash:
            raise RefusedError(
                308, "a slash is missing", [(b"location", b"/" + self._token + b"/")]
            )
        _check_origin(fields, host, scope["method"], "/" + rest)
        length = fields.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > MOST_BYTES:
            raise _too_large()
        return "/" + rest


class _Limited:
    """The pieces of a request's body, up to a limit of bytes and of time."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self._taken = receive, 0
        self._until: float | None = asyncio.get_running_loop().time() + BODY_SECONDS

    async def __call__(self) -> Message:
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise RefusedError(
                408, f"the request's body did not arrive within {BODY_SECONDS:g} s"
            ) from None
        if message["type"] == "http.request":
            if not message.get("more_body", False):
                self._until = None  # what comes now is that the client leaves, whenever that is
            self._taken += len(message.get("body", b""))
            if self._taken > MOST_BYTES:
                raise _too_large()
        return message


def _too_large() -> RefusedError:
    return RefusedError(413, f"the request has more than {MOST_BYTES} bytes; send fewer")


def _check_origin(fields: dict[bytes, bytes], host: bytes, method: str, path: str) -> None:
    """Refuse what a browser sends for a page of another site.

    A link to the lab's first page may be anywhere: who has it has the token.
    """
    site = other_site(fields, host)
    if site is None:
        return
    opened = (
        fields.get(b"sec-fetch-mode") == b"navigate"
        and fields.get(b"sec-fetch-dest") == b"document"
        and b"origin" not in fields
    )
    if not (opened and method == "GET" and path == "/"):
        raise RefusedError(
            403,
            f"a request from another site ({site}) is not answered; "
            "open the address that pellucid lab printed",
        )


def _policies(message: Message) -> list[tuple[bytes, bytes]]:
    """What every response has; what is no page of the lab can do nothing in a browser."""
    names = {name for name, _ in message.get("headers", ())}
    policies = [*_COMMON]
    if b"content-security-policy" not in names:
        policies.append((b"content-security-policy", _DATA_POLICY))
    return policies
