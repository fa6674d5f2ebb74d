"""Refused connections, over pairs of sockets."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from pellucid.serving import lingering
from pellucid.serving.lingering import Lingering

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWER = b"HTTP/1.1 503 Service Unavailable\r\n\r\n"


@contextmanager
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A client's end and the service's, which does not block."""
    client, found = socket.socketpair()
    found.setblocking(False)
    client.settimeout(60)
    with client, found:
        yield client, found


async def until_none(refused: Lingering) -> None:
    while len(refused):
        await asyncio.sleep(0.01)


def test_what_a_client_sends_is_dropped_until_it_closes() -> None:
    async def refuse() -> None:
        refused = Lingering(seconds=60)
        refused.refuse(found, ANSWER)
        for _ in range(20):
            client.sendall(bytes(1 << 12))
            await asyncio.sleep(0.01)
        assert client.recv(100) == ANSWER
        assert client.recv(100) == b""
        assert len(refused) == 1
        client.close()
        await asyncio.wait_for(until_none(refused), 60)
        assert found.fileno() == -1

    with pair() as (client, found):
        asyncio.run(refuse())


def test_a_client_that_stays_is_left_when_its_time_is_over() -> None:
    async def refuse() -> None:
        refused = Lingering(seconds=0.1)
        refused.refuse(found, ANSWER)
        await asyncio.wait_for(until_none(refused), 60)
        assert client.recv(100) == ANSWER

    with pair() as (client, found):
        asyncio.run(refuse())


def test_the_oldest_go_for_those_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lingering, "MOST", 5)

    async def refuse() -> None:
        refused = Lingering(seconds=60)
        for client, found in pairs:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            refused.refuse(found, ANSWER)
            assert len(refused) <= 5
        assert [found.fileno() == -1 for _, found in pairs] == [True] * 4 + [False] * 5
        refused.close()
        assert [client.recv(100) for client, _ in pairs] == [ANSWER] * 9

    with ExitStack() as stack:
        pairs = [stack.enter_context(pair()) for _ in range(9)]
        asyncio.run(refuse())


@pytest.mark.parametrize("leaves", ["before", "unread"])
def test_a_client_that_has_left(leaves: str) -> None:
    async def refuse() -> None:
        refused = Lingering(seconds=60)
        if leaves == "before":
            client.close()
        refused.refuse(found, ANSWER)
        client.close()
        await asyncio.wait_for(until_none(refused), 60)

    with pair() as (client, found):
        asyncio.run(refuse())
