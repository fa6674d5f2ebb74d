"""What takes connections, in event loops of this process."""

from __future__ import annotations

import asyncio
import errno
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pellucid.serving.accepting import Accepting
from pellucid.serving.connections import event_loop
from pellucid.serving.limits import Limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "fastest": event_loop(),
    "asyncio": asyncio.new_event_loop,
}
TURNS = 60


class Open(asyncio.Protocol):
    """A connection, which counts itself."""

    def __init__(self, connections: set[Open]) -> None:
        self.connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.connections.discard(self)


class Failing(socket.socket):
    """A listening socket whose next connections cannot be had."""

    failures = 0

    def accept(self) -> tuple[socket.socket, Any]:
        if self.failures:
            self.failures -= 1
            raise OSError(errno.ECONNABORTED, "it has left")
        return super().accept()


@pytest.fixture
def listening() -> Iterator[Failing]:
    with Failing() as found:
        found.bind(("127.0.0.1", 0))
        found.listen(400)
        yield found


@pytest.fixture
def clients(listening: socket.socket) -> Iterator[list[socket.socket]]:
    """Connections that wait before anything accepts them."""
    found = [socket.create_connection(listening.getsockname(), timeout=60) for _ in range(300)]
    yield found
    for each in found:
        each.close()


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, None]], None]:
    def run(work: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            runner.run(work)

    return run


@asynccontextmanager
async def accepting(
    listening: socket.socket, limits: Limits | None = None
) -> AsyncIterator[set[Open]]:
    """The connections that are open; ended in order, for an event loop waits for them."""
    connections: set[Open] = set()
    found = Accepting(listening, lambda: Open(connections), connections, limits or Limits())
    try:
        yield connections
    finally:
        found.close()
        await found.wait_closed()
        for each in list(connections):
            each.transport.close()
        while connections:
            await asyncio.sleep(0.01)


def test_all_that_wait_are_taken_in_few_turns_of_the_event_loop(
    run: Any, listening: Failing, clients: list[socket.socket]
) -> None:
    async def work() -> None:
        async with accepting(listening) as connections:
            for _ in range(TURNS):
                await asyncio.sleep(0)
            assert len(connections) == len(clients)

    run(work())


def test_processes_share_what_waits(
    run: Any, listening: Failing, clients: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """None takes all, and none refuses at once what another has room for."""
    monkeypatch.setattr("pellucid.serving.accepting._OTHERS", 30.0)

    async def work() -> None:
        limits = Limits(connections=150)
        async with accepting(listening, limits) as some, accepting(again, limits) as others:
            while len(some) + len(others) < len(clients):
                await asyncio.sleep(0)
            assert len(some) == len(others) == 150

    with listening.dup() as again:  # as another process has it
        run(work())
    assert [each.recv(1000) for each in clients] == [b""] * len(clients)


def test_exactly_the_connections_over_the_limit_are_refused(
    run: Any, listening: Failing, clients: list[socket.socket]
) -> None:
    async def work() -> None:
        async with accepting(listening, Limits(connections=100)) as connections:
            while len(connections) < 100:
                await asyncio.sleep(0)
            await asyncio.sleep(1)
            assert len(connections) == 100

    run(work())
    answers = [each.recv(1000) for each in clients]
    assert [answer == b"" for answer in answers] == [True] * 100 + [False] * 200
    assert all(answer.startswith(b"HTTP/1.1 503 ") for answer in answers[100:])


def test_it_goes_on_after_a_connection_that_cannot_be_had(
    run: Any, listening: Failing, clients: list[socket.socket]
) -> None:
    async def work() -> None:
        listening.failures = 2
        async with accepting(listening) as connections:
            while len(connections) < len(clients):
                await asyncio.sleep(0.01)

    run(work())
    assert listening.failures == 0
