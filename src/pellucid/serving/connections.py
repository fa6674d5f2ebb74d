"""Connections that cannot be held for nothing, and requests that can be read in one way only.

uvicorn's protocol for ``httptools`` with what it lacks: a deadline for a request's head and for a
response that nobody reads, a limit of the head's size, of connections and of requests in a row
without an answer, and an end of what is still sent after a request was refused. httptools (llhttp)
refuses two framings at once, folded header fields, bad sizes of chunks and lengths; what it lets
through that a proxy might read in another way is refused here (RFC 9112, sections 3.2, 6.1, 11.2).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pellucid.serving import lingering
from pellucid.serving.guard import GONE, TASK
from pellucid.serving.joined import JoinedWrites
from pellucid.serving.refused import RefusedError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from pellucid.serving.limits import Limits

_MOST_PIPELINED = 16  # requests of one connection that were sent without waiting for answers
_OTHER_FILES = 128 + lingering.MOST  # that a service may have open besides connections


def protocol(limits: Limits) -> type[LimitedProtocol]:
    """The class of a server's connections, as ``uvicorn.Config(http=…)`` takes it."""
    return type("LimitedProtocol", (LimitedProtocol,), {"limits": limits})


class LimitedProtocol(HttpToolsProtocol):
    """A connection within limits."""

    limits: ClassVar[Limits]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._linger_timer: asyncio.TimerHandle | None = None
        self._reading_head = self._reading_body = False
        self._heads = 0  # that are complete
        self._head_bytes = 0  # of a head that is not, with those of the pieces it came in
        self._field_bytes = 0
        self._cycles: list[RequestResponseCycle] = []
        self._ended = False  # refused; what still comes is dropped
        self._failure: RefusedError | None = None
        self._idle_since: float | None = None

    # ------------------------------------------------------------------------------- connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; a request's head must be there soon."""
        super().connection_made(transport)
        self._begin_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel what is computed for a client that went away."""
        for timer in (self._head_timer, self._write_timer, self._linger_timer):
            if timer is not None:
                timer.cancel()
        self.pipeline.clear()
        for cycle in self._unanswered():
            _abandon(cycle)
        super().connection_lost(exc)

    # ------------------------------------------------------------------------------------ reading

    def data_received(self, data: bytes) -> None:
        """Read on; a head must be whole by its deadline."""
        self._idle_since = None
        if self._ended:
            return
        heads, of_head = self._heads, not self._reading_body
        if of_head:
            self._head_bytes += len(data)
        super().data_received(data)
        self._after(heads, of_head)

    def _after(self, heads: int, of_head: bool) -> None:
        """Look at the clock once data were read: those of a head that is whole need none.

        Args:
            heads: How many there were before.
            of_head: Whether the data began outside a body.
        """
        if self._ended:
            return
        if self._heads != heads:
            self._head_timer = self._stopped(self._head_timer)
            self._head_bytes = 0
        elif of_head:
            self._begin_head()
        if self._reading_head:
            self._begin_head()
        if not self._reading_body:
            self._linger_timer = self._stopped(self._linger_timer)
            if self._head_bytes > self.limits.head_bytes:
                self._end(self._long_head())

    def on_message_begin(self) -> None:
        """A request's first byte is there."""
        super().on_message_begin()
        self._reading_head, self._field_bytes = True, 0

    def on_url(self, url: bytes) -> None:
        """A piece of a request's target."""
        super().on_url(url)
        self._count(len(url), 0)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field; those behind a chunked body (trailers) could be taken for others."""
        if self._reading_body:
            raise self._fail(RefusedError(400, "header fields after the body are not read"))
        super().on_header(name, value)
        self._count(len(name) + len(value) + 4, len(self.headers))

    def on_headers_complete(self) -> None:
        """A request's head is there: start to answer it, if it can be read in one way only."""
        self._heads += 1
        self._reading_head, self._reading_body = False, True
        error = self._ambiguous()
        if error is not None:
            raise self._fail(error)
        super().on_headers_complete()
        self.cycle.transport = cast("asyncio.Transport", JoinedWrites(self.transport, self.cycle))
        self._cycles = [*self._unanswered(), self.cycle]

    def on_message_complete(self) -> None:
        """A request's last byte is there."""
        super().on_message_complete()
        self._reading_body = False

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request, and close."""
        self._end(self._failure or RefusedError(400, "this is not a request in HTTP/1.1"))

    def on_response_complete(self) -> None:
        """Wait for the next request; for the rest of one that was answered early, not for long."""
        super().on_response_complete()
        if self.timeout_keep_alive_task is not None and not self._reading_body:
            # not the loop's time, which may tick by milliseconds: two would be idle since the same
            self._idle_since = time.monotonic()
        if self._reading_body and not self.transport.is_closing() and self._linger_timer is None:
            self._linger_timer = self._later(self.limits.linger_seconds, self._close)

    def _ambiguous(self) -> RefusedError | None:
        """Why a request that httptools reads might be read in another way by a proxy before us."""
        version = self.parser.get_http_version()
        names = [name for name, _ in self.headers]
        if version not in ("1.0", "1.1"):
            return RefusedError(505, "HTTP/1.1 is spoken here")
        if names.count(b"host") > 1 or (version == "1.1" and b"host" not in names):
            return RefusedError(400, "expected one header field Host")
        if b"transfer-encoding" in names:
            coding = dict(self.headers)[b"transfer-encoding"]
            if coding.lower() != b"chunked":
                return RefusedError(501, "the only transfer coding that is read is chunked")
            if version == "1.0":
                return RefusedError(400, "Transfer-Encoding is not a part of HTTP/1.0")
        if not self.url.startswith(b"/"):
            return RefusedError(400, "expected a path, e.g. GET /, not a whole address")
        if b"upgrade" in names or self.parser.get_method() == b"CONNECT":
            return RefusedError(501, "no other protocol is spoken here than HTTP/1.1")
        if len(self.pipeline) >= _MOST_PIPELINED:
            return RefusedError(400, "too many requests were sent without waiting for an answer")
        return None

    def _count(self, size: int, fields: int) -> None:
        self._field_bytes += size
        if self._field_bytes > self.limits.head_bytes or fields > self.limits.head_fields:
            raise self._fail(self._long_head())

    def _long_head(self) -> RefusedError:
        return RefusedError(
            431,
            f"a request's head has at most {self.limits.head_bytes} bytes and "
            f"{self.limits.head_fields} header fields",
        )

    def _fail(self, error: RefusedError) -> RefusedError:
        """Keep an error past the parser, which does not let it through."""
        self._failure = error
        return error

    # ------------------------------------------------------------------------------------ writing

    def pause_writing(self) -> None:
        """The client does not read as fast as we write: it has until the deadline."""
        super().pause_writing()
        if self._write_timer is None:
            self._write_timer = self._later(self.limits.request_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """It has read on."""
        super().resume_writing()
        self._write_timer = self._stopped(self._write_timer)

    @property
    def idle_since(self) -> float | None:
        """Since when, by ``time.monotonic``, a further request is waited for; None: it is not.

        A connection on which none was answered yet does not count: its request may be on its way.
        """
        return None if self._ended or self.transport.is_closing() else self._idle_since

    def give_up(self) -> None:
        """Close, so that another connection can be opened in its place."""
        self._close()

    def timeout_keep_alive_handler(self) -> None:
        """No further request came."""
        self._close()

    # ------------------------------------------------------------------------------------- ending

    def _late_head(self) -> None:
        self._head_timer = None
        if self._head_bytes:
            seconds = self.limits.head_seconds
            self._end(RefusedError(408, f"the request's head did not arrive within {seconds:g} s"))
        else:
            self._close()

    def _end(self, error: RefusedError) -> None:
        """Send an error, unless another response is under way, and close soon."""
        self._ended = True
        if self.transport.is_closing():
            return
        unanswered = self._unanswered()
        if any(cycle.response_started for cycle in unanswered):
            self._close()
            return
        for cycle in unanswered:
            _abandon(cycle)
        self.transport.write(error.response())
        if self.transport.can_write_eof():
            self.transport.write_eof()  # closing at once might take the response with it
        self._linger_timer = self._stopped(self._linger_timer)
        self._linger_timer = self._later(self.limits.linger_seconds, self.transport.abort)

    def _close(self) -> None:
        """Close, even if what was sent is never read."""
        self._ended = True
        if not self.transport.is_closing():
            self.transport.close()
        self._linger_timer = self._stopped(self._linger_timer)
        self._linger_timer = self._later(self.limits.linger_seconds, self.transport.abort)

    def _unanswered(self) -> list[RequestResponseCycle]:
        return [cycle for cycle in self._cycles if not cycle.response_complete]

    @staticmethod
    def _stopped(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
        """No timer, in place of one."""
        if timer is not None:
            timer.cancel()
        return None

    def _begin_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self._later(self.limits.head_seconds, self._late_head)

    def _later(self, seconds: float, call: Callable[[], object]) -> asyncio.TimerHandle:
        return self.loop.call_later(seconds, call)


def _abandon(cycle: RequestResponseCycle) -> None:
    """Let nobody go on to answer a request."""
    scope = cast("dict[str, Any]", cycle.scope)
    cycle.disconnected = scope[GONE] = True
    cycle.message_event.set()
    task: asyncio.Task[None] | None = scope.get(TASK)
    if task is not None:
        task.cancel()


def make_room(connections: int) -> int:
    """Let this process open files for its connections, and return how many of these it may have.

    An accept loop without file descriptors goes on by itself once there are some; better it never
    comes to that.
    """
    try:
        import resource
    except ImportError:  # Windows: sockets are not counted with files
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
        soft = max(soft, most)
    if soft == resource.RLIM_INFINITY:
        return connections
    return max(1, min(connections, soft - _OTHER_FILES))


def event_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes a server's event loop: uvloop's, which needs half the time, where there is one."""
    try:
        import uvloop  # not for Windows
    except ImportError:
        import asyncio

        return asyncio.new_event_loop
    return uvloop.new_event_loop


def server_options(limits: Limits) -> dict[str, Any]:
    """What ``uvicorn.Config`` takes for a server within limits, without surprises."""
    return {
        "http": protocol(limits),
        "ws": "none",
        "timeout_keep_alive": limits.idle_seconds,
        "proxy_headers": False,  # anybody could claim an address
        "server_header": False,
        "access_log": False,
    }
