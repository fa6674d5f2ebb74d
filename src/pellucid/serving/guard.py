"""What stands before a service: refuses requests that are not for it, too large or too slow.

Pure ASGI, around any application. It knows nothing of models. In this order:

- The ``Host`` field must name this service (DNS rebinding, :mod:`pellucid.serving.hosts`).
- A request that changes or computes something must not come from another site: ``Sec-Fetch-Site``
  and ``Origin``, which browsers set and pages cannot.
- With a token, ``Authorization`` must carry it, but for the two questions of health.
- Compressed bodies are refused, for their size is unknown; ``Range`` is ignored.
- The body is counted while it arrives, and so are the bodies of all requests together.
- No more requests that compute are answered at a time than pictures may wait.
- The whole request has a deadline.
- Every response forbids what a page of this service does not need.

A client that goes away cancels its request; :mod:`pellucid.serving.connections` says so through
the scope.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
from typing import TYPE_CHECKING, Any

from pellucid.checks import brief
from pellucid.errors import ArgumentError
from pellucid.serving.fields import other_site, single_fields
from pellucid.serving.refused import RefusedError, send_refusal, try_again
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from pellucid.serving.hosts import Hosts
    from pellucid.serving.limits import Limits

    Message = MutableMapping[str, Any]
    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

TASK, GONE = "pellucid.task", "pellucid.gone"
"""Entries of a request's scope: the task that answers it; whether its client went away."""

_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
_HEALTH = frozenset(("/v2/health/live", "/v2/health/ready"))
_LEAST_TOKEN = 16
_BUSY_SECONDS = 1

_COMMON = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"accept-ranges", b"none"),
)
_DATA_POLICY = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox"
_PAGE_POLICY = (  # a page holds its scripts, styles, pictures and compiled networks itself
    b"default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; "
    b"style-src 'unsafe-inline'; img-src data: blob:; font-src data:; media-src data: blob:; "
    b"connect-src 'self' data: blob:; worker-src blob:; frame-ancestors 'none'; "
    b"base-uri 'none'; form-action 'none'"
)
_DATA_HEADERS = (*_COMMON, (b"content-security-policy", _DATA_POLICY))
_PAGE_HEADERS = (
    *_COMMON,
    (b"content-security-policy", _PAGE_POLICY),
    (b"cross-origin-opener-policy", b"same-origin"),
)


class Guard:
    """An application behind its limits.

    Args:
        app: The application.
        limits: What is accepted.
        hosts: The names that it answers to.
        token: What ``Authorization: Bearer`` must carry, or a browser's password (the user's name
            is free); at least 16 printable ASCII characters. None: anyone may ask.

    Raises:
        ArgumentError: If the token is too short or has other characters.
    """

    def __init__(self, app: App, limits: Limits, hosts: Hosts, token: str | None = None) -> None:
        self._app, self._limits, self._hosts = app, limits, hosts
        self._token = None if token is None else _checked_token(token)
        self.active = 0  # requests that compute, and are being answered
        self.held = 0  # bytes of bodies, of all requests that are being answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        exchange = _Exchange(self, scope, receive, send)
        try:
            self._admit(scope)
        except RefusedError as error:
            await exchange.refuse(error)
            return
        computes = scope["method"] not in _SAFE
        self.active += computes
        try:
            await exchange.run(self._app)
        finally:
            self.active -= computes

    def _admit(self, scope: Scope) -> None:
        """Check what the head of a request says.

        Raises:
            RefusedError: If it is not for this service, or not to be answered.
        """
        fields = single_fields(scope["headers"])
        host = fields.get(b"host", b"")
        if not self._hosts.allows(host):
            raise RefusedError(
                421,
                f"this service does not answer to the name {brief(host.decode('latin-1'))}; ask "
                "for the address it listens at, or start it with --allow-host NAME",
            )
        if scope["method"] not in _SAFE:
            _check_site(fields, host)
        if self._token is not None and scope["path"] not in _HEALTH:
            self._check_token(fields.get(b"authorization", b""))
        if fields.get(b"content-encoding", b"identity").lower() != b"identity":
            raise RefusedError(
                415, "a compressed body is not read; send it as it is, without Content-Encoding",
                [(b"accept-encoding", b"identity")],
            )  # fmt: skip
        if scope["method"] not in _SAFE and self.active >= self._limits.queue:
            raise RefusedError(
                429, f"{counted(self.active, 'request')} being answered already; try again",
                [try_again(_BUSY_SECONDS)],
            )  # fmt: skip
        length = fields.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._limits.body_bytes:
            raise self.too_large()
        if b"range" in fields or b"if-range" in fields:
            kept = [field for field in scope["headers"] if field[0] not in (b"range", b"if-range")]
            scope["headers"] = kept

    def _check_token(self, field: bytes) -> None:
        scheme, _, given = field.partition(b" ")
        given = given.strip()
        if scheme.lower() == b"basic":
            try:
                given = base64.b64decode(given, validate=True).partition(b":")[2]
            except binascii.Error:
                given = b""
        elif scheme.lower() != b"bearer":
            given = b""
        assert self._token is not None
        if not hmac.compare_digest(given, self._token):
            raise RefusedError(
                401,
                "this service wants its token: Authorization: Bearer TOKEN; in a browser, the "
                "token as password",
                [(b"www-authenticate", b'Bearer realm="pellucid"'),
                 (b"www-authenticate", b'Basic realm="pellucid", charset="UTF-8"')],
            )  # fmt: skip

    def take(self, size: int, taken: int) -> None:
        """Count bytes of a body that arrived.

        Args:
            size: Bytes that came.
            taken: Bytes of that body with them.

        Raises:
            RefusedError: If this body is too large, or all together are.
        """
        self.held += size
        if taken > self._limits.body_bytes:
            raise self.too_large()
        if self.held > self._limits.all_bodies_bytes:
            raise RefusedError(
                503,
                "too many bytes of other requests are held; try again",
                [try_again(_BUSY_SECONDS)],
            )

    def too_large(self) -> RefusedError:
        """The error for a body of too many bytes."""
        return RefusedError(
            413,
            f"the body has more than {self._limits.body_bytes} bytes; send fewer or smaller "
            "pictures, or start the service with a larger --max-body",
        )

    @property
    def seconds(self) -> float:
        """For a whole request."""
        return self._limits.request_seconds


class _Exchange:
    """One request and its response."""

    __slots__ = (
        "_guard",
        "_receive",
        "_refusal",
        "_scope",
        "_send",
        "_started",
        "_taken",
        "_whole",
    )

    def __init__(self, guard: Guard, scope: Scope, receive: Receive, send: Send) -> None:
        self._guard, self._scope, self._receive, self._send = guard, scope, receive, send
        self._started = self._whole = False
        self._taken = 0
        self._refusal: RefusedError | None = None

    async def run(self, app: App) -> None:
        """Let the application answer within the limits."""
        self._scope[TASK] = asyncio.current_task()
        deadline = asyncio.timeout(self._guard.seconds)
        try:
            async with deadline:
                await app(self._scope, self.receive, self.send)
        except asyncio.CancelledError:
            if self._scope.get(GONE):
                return  # nobody is there to be answered
            self._refusal = RefusedError(
                503, "the service ends; try again", [try_again(_BUSY_SECONDS)]
            )
        except TimeoutError:
            if not deadline.expired():
                raise
            self._refusal = self._refusal or self._late()
            if self._started:
                raise
        except Exception:
            if self._scope.get(GONE):
                return
            if self._refusal is None or self._started:
                raise
        finally:
            self._guard.held -= self._taken
            del self._scope[TASK]
        if self._refusal is not None and not self._started:
            await self.refuse(self._refusal)

    def _late(self) -> RefusedError:
        if self._whole or self._scope["method"] in _SAFE:  # which hardly ever have a body
            late = f"no answer within {self._guard.seconds:g} s; try again, or send fewer pictures"
            return RefusedError(503, late, [try_again(_BUSY_SECONDS)])
        return RefusedError(
            408, f"the body did not arrive within {self._guard.seconds:g} s of the request's head"
        )

    async def receive(self) -> Message:
        """The next piece of the body."""
        message = await self._receive()
        if message["type"] == "http.request":
            size = len(message.get("body", b""))
            self._taken += size
            try:
                self._guard.take(size, self._taken)
            except RefusedError as error:
                self._refusal = error
                raise
            self._whole = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Pass a part of the response on, with what every response has."""
        if self._refusal is not None and not self._started:
            return  # what the application makes of it is not what is answered
        if message["type"] == "http.response.start":
            self._started = True
            message["headers"] = [*message.get("headers", ()), *_policies(message)]
        await self._send(message)

    async def refuse(self, error: RefusedError) -> None:
        """Answer with an error."""
        await send_refusal(self._send, error, _DATA_HEADERS)


def _policies(message: Message) -> tuple[tuple[bytes, bytes], ...]:
    """The header fields that keep a response to its purpose."""
    for name, value in message.get("headers", ()):
        if name == b"content-type":
            return _PAGE_HEADERS if value.startswith(b"text/html") else _DATA_HEADERS
    return _DATA_HEADERS


def _check_site(fields: dict[bytes, bytes], host: bytes) -> None:
    """Refuse what a browser sends for a page of another site."""
    site = other_site(fields, host)
    if site is not None:
        raise RefusedError(
            403,
            f"a request from another site ({site}) is not "
            "answered; ask from a program, or from a page of this service",
        )


def _checked_token(token: str) -> bytes:
    if len(token) < _LEAST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise ArgumentError(
            f"a token has at least {_LEAST_TOKEN} printable ASCII characters and no space, e.g. "
            f"of: python -c 'import secrets; print(secrets.token_urlsafe())'; got {len(token)} "
            "characters"
        )
    return token.encode()
