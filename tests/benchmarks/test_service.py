"""The load generator: requests by chance, on schedule, whatever becomes of them."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import numpy as np
import pytest
from benchmarks.service.__main__ import main
from benchmarks.service.contenders import CONTENDERS, Running
from benchmarks.service.goodput import Search
from benchmarks.service.load import Found, load, request_of

if TYPE_CHECKING:
    from pathlib import Path

_open: list[asyncio.StreamWriter] = []


async def _server(seconds: float, status: int = 200) -> tuple[asyncio.Server, str, list[bytes]]:
    """Answers one request at a time; each takes so long."""
    turn, bodies = asyncio.Lock(), list[bytes]()
    _open.clear()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _open.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                bodies.append(await reader.readexactly(length))
                async with turn:
                    await asyncio.sleep(seconds)
                writer.write(b"HTTP/1.1 %d X\r\ncontent-length: 2\r\n\r\n{}" % status)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    return server, f"http://127.0.0.1:{port}/predict", bodies


def found_of(seconds: float, rate: float, duration: float, status: int = 200) -> Found:
    async def inner() -> Found:
        server, url, bodies = await _server(seconds, status)
        async with server:
            found = await load(url, request_of(url, b"picture"), rate, duration, seed=1)
            for writer in _open:
                writer.close()
                await writer.wait_closed()
        assert set(bodies) == {b"picture"}
        assert len(bodies) == sum(found.statuses.values())
        return found

    return asyncio.run(inner())


def test_arrivals_are_those_of_a_poisson_process() -> None:
    found = found_of(0.0, rate=400, duration=0.5)
    count = found.statuses["200"]
    assert abs(count - 200) < 5 * np.sqrt(200)
    assert found.answered == 1


def test_a_queue_shows_in_the_latencies() -> None:
    """A closed loop would find 20 ms: here half as many again arrive as can be answered."""
    found = found_of(0.02, rate=75, duration=0.6)
    assert found.latencies["50"] > 40
    assert found.latencies["99"] > 100


def test_refusals_are_counted_and_not_timed() -> None:
    found = found_of(0.0, rate=100, duration=0.2, status=503)
    assert set(found.statuses) == {"503"}
    assert (found.answered, found.latencies) == (0.0, {})


def test_without_a_service_nothing_is_answered() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        found = asyncio.run(load(url, b"", 50, 0.2))
    assert set(found.statuses) == {"0"}


def test_the_search_ends_between_good_and_bad() -> None:
    service = Running(CONTENDERS[0], "", b"", None, 1.0)  # type: ignore[arg-type]
    search = Search(service, limit=15.0)
    for _ in range(12):
        rate = search.rate
        late = rate > 300
        search.found.append(
            Found(rate, 1.0, {"200": 1000}, {"50": 1.0, "99": 20.0 if late else 10.0})
        )
        if search.good(search.found[-1]):
            search.low = rate
        else:
            search.high = rate
    assert 270 < search.low <= 300 < search.high < 330
    assert search.best is not None
    assert search.best.rate == search.low
    assert not search.good(Found(1.0, 1.0, {"200": 900, "503": 100}, {"99": 1.0}))


def test_results_that_have_no_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setattr("sys.argv", ["service", "--peers", "python", "--out", str(file)])
    with pytest.raises(SystemExit):
        main()
    assert str(file) in capsys.readouterr().err.splitlines()[-1]
