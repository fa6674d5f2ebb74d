"""Faults of the wire, with sockets against a server in a process of its own."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from pellucid.serving import lingering
from tests.serving.raw import PATIENCE, Connection, get, post, server, until

if TYPE_CHECKING:
    from collections.abc import Iterator

BODY, HEAD = 4096, 2048
LIMITS = {"body_bytes": BODY, "head_bytes": HEAD, "connections": 12, "head_fields": 20}
TIMES = {"head_seconds": 0.3, "request_seconds": 0.5, "linger_seconds": 0.3, "idle_seconds": 0.4}
CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server whose times nobody exceeds, on a busy machine either."""
    times = dict.fromkeys(TIMES, 10 * PATIENCE) | {"linger_seconds": 0.3}
    with server(limits=LIMITS | times) as found:
        yield found


@pytest.fixture(scope="module")
def hurried() -> Iterator[int]:
    """A server that waits for nothing."""
    with server(limits=LIMITS | TIMES) as found:
        yield found


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    Connection.close_all()


def answers(port: int) -> bool:
    """Whether the server goes on to answer others."""
    connection = Connection(port)
    try:
        return connection.send(get()).answer().status == 200
    finally:
        connection.close()


def seen(port: int) -> dict[str, int]:
    """What the server counts; it may be too busy to get what it is asked in time."""
    answer = None
    while answer is None or answer.status != 200:
        connection = Connection(port)
        answer = connection.send(get("/seen")).answer()
        connection.close()
    found: dict[str, int] = json.loads(answer.body)
    return found


def test_an_ordinary_request_and_the_next_on_the_same_connection(port: int) -> None:
    connection = Connection(port)
    for size in (0, 5, BODY):
        answer = connection.send(post("/a%20b", bytes(size))).answer()
        assert answer.status == 200
        found = json.loads(answer.body)
        assert (found["bytes"], found["path"]) == (size, "/a b")
    connection.send(post(body=b"one") + post(body=b"three"))  # without waiting
    first = connection.answer()
    assert json.loads(first.body[: int(first.fields["content-length"])])["bytes"] == 3


# -------------------------------------------------------------------------------- body over limit


def test_a_length_over_the_limit_is_refused_before_the_body(port: int) -> None:
    head = post(body=bytes(BODY + 1))[: -(BODY + 1)]
    assert Connection(port).send(head).answer().status == 413


def test_a_chunked_body_is_counted_as_it_arrives(port: int) -> None:
    chunk = b"%x\r\n%s\r\n" % (1024, bytes(1024))
    fits = Connection(port).send(CHUNKED + 4 * chunk + b"0\r\n\r\n").answer()
    assert json.loads(fits.body)["bytes"] == BODY
    connection = Connection(port).send(CHUNKED)
    for _ in range(5):  # and never its end
        connection.send(chunk)
    assert connection.answer().status == 413
    assert connection.is_closed()


def test_what_is_sent_after_a_refusal_is_not_read_for_long(hurried: int) -> None:
    head = post(body=b"")[:-2].replace(b": 0", b": 999999") + b"\r\n"
    connection = Connection(hurried).send(head)
    assert connection.answer().status == 413

    def refused() -> bool:
        try:
            connection.send(bytes(100))
        except OSError:
            return True
        return False

    assert until(refused)


def test_an_upload_that_ends_after_a_refusal_keeps_its_connection(port: int) -> None:
    connection = Connection(port).send(post(body=bytes(BODY + 1)))
    assert connection.answer().status == 413
    assert connection.send(get()).answer().status == 200


# -------------------------------------------------------------------- slow heads, bodies, readers


def test_a_head_that_trickles_in_has_an_absolute_deadline(hurried: int) -> None:
    began = time.monotonic()
    connection, left = Connection(hurried), [*get("/" + (HEAD - 100) * "a")[:-4]]

    def closed() -> bool:
        connection.send(bytes([left.pop(0)]))
        return connection.has_answer()

    assert until(closed)
    assert time.monotonic() - began > 0.25
    assert connection.answer().status == 408
    assert until(lambda: answers(hurried))


@pytest.mark.parametrize("sent", [b"", b"POST / HT", b"\r\n", get() + b"GET"])
def test_a_connection_that_says_nothing_more_is_closed(hurried: int, sent: bytes) -> None:
    assert Connection(hurried).send(sent).is_closed()


def test_the_late_head_is_said_to_be_late(hurried: int) -> None:
    assert Connection(hurried).send(b"POST / HT").answer().status == 408


def test_a_body_that_trickles_in_has_an_absolute_deadline(hurried: int) -> None:
    connection = Connection(hurried).send(post(body=bytes(BODY))[:-BODY])

    def closed() -> bool:
        connection.send(b"x")
        return connection.has_answer()

    assert until(closed)
    assert connection.answer().status == 408


def test_a_response_that_nobody_reads_ends(hurried: int) -> None:
    connection = Connection(hurried).send(post("/big"))
    assert until(connection.has_answer)
    assert until(lambda: seen(hurried)["connections"] == 1)  # the one that asks
    got = 0
    while piece := connection._read():
        got += len(piece)
    assert 0 < got < 64 << 20


def test_an_answer_that_takes_too_long_is_503(hurried: int) -> None:
    answer = Connection(hurried).send(post("/slow")).answer()
    assert answer.status == 503
    assert int(answer.fields["retry-after"]) >= 1


# ---------------------------------------------------------------------------------- disconnects


def test_who_goes_away_cancels_the_request(port: int) -> None:
    before = seen(port)
    connection = Connection(port).send(post("/slow"))
    assert until(lambda: seen(port)["slow"] > before["slow"])
    connection.close()
    assert until(lambda: seen(port)["cancelled"] > before["cancelled"])


# ------------------------------------------------------------------------------------ smuggling

HEAD_OF = "POST / HTTP/1.1\r\nHost: localhost\r\n"
AMBIGUOUS = {
    "both framings": HEAD_OF + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "the other order": HEAD_OF + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "folded field": HEAD_OF + "X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "two lengths": HEAD_OF + "Content-Length: 0\r\nContent-Length: 7\r\n\r\n",
    "list of lengths": HEAD_OF + "Content-Length: 0, 7\r\n\r\n",
    "signed length": HEAD_OF + "Content-Length: +0\r\n\r\n",
    "long length": HEAD_OF + f"Content-Length: {10**30}\r\n\r\n",
    "space before colon": HEAD_OF + "Content-Length : 0\r\n\r\n",
    "two codings": HEAD_OF + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "unknown coding": HEAD_OF + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "coding in 1.0": HEAD_OF.replace("1.1", "1.0") + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "size is no number": CHUNKED.decode() + "zz\r\n\r\n0\r\n\r\n",
    "negative size": CHUNKED.decode() + "-1\r\n\r\n0\r\n\r\n",
    "0x": CHUNKED.decode() + "0x1\r\na\r\n0\r\n\r\n",
    "huge size": CHUNKED.decode() + "f" * 17 + "\r\na\r\n0\r\n\r\n",
    "longer than its size": CHUNKED.decode() + "1\r\nabcdef\r\n0\r\n\r\n",
    "trailer": CHUNKED.decode() + "0\r\nContent-Length: 3\r\n\r\n",
    "no host": "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    "two hosts": HEAD_OF + "Host: other\r\nContent-Length: 0\r\n\r\n",
    "line feeds alone": HEAD_OF.replace("\r\n", "\n") + "Content-Length: 0\n\n",
    "carriage return alone": HEAD_OF + "X: a\rContent-Length: 9\r\n\r\n",
    "zero byte": HEAD_OF + "X: a\0b\r\nContent-Length: 0\r\n\r\n",
    "other version": HEAD_OF.replace("1.1", "2.0") + "Content-Length: 0\r\n\r\n",
    "no version": "GET /\r\n\r\n",
    "whole address": HEAD_OF.replace("/ ", "http://localhost/ ") + "Content-Length: 0\r\n\r\n",
    "tunnel": "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "other protocol": HEAD_OF + "Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n",
    "noise": "\x16\x03\x01\x02\r\n\r\n",
}


@pytest.mark.parametrize("request_text", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_what_can_be_read_in_two_ways_is_refused_and_closed(port: int, request_text: str) -> None:
    smuggled = get("/smuggled")
    connection = Connection(port).send(request_text.encode("latin-1") + smuggled)
    answer = connection.answer()
    assert 400 <= answer.status <= 505
    assert answer.closed
    assert b"smuggled" not in answer.body
    assert connection.is_closed()


def test_a_head_over_the_limit(port: int) -> None:
    long = Connection(port).send(get("/", "X: " + "a" * HEAD))
    assert long.answer().status == 431
    endless = Connection(port).send(b"GET /" + b"a" * (HEAD + 1))
    assert endless.answer().status == 431
    many = Connection(port).send(get("/", *[f"X{k}: 1" for k in range(30)]))
    assert many.answer().status == 431


# ---------------------------------------------------------------------------------- connections


@pytest.fixture(params=["auto", "asyncio"])
def busy(request: pytest.FixtureRequest) -> Iterator[int]:
    """A server all of whose connections are taken."""
    limits = {"connections": 4, "request_seconds": PATIENCE, "linger_seconds": PATIENCE}
    with server(limits=limits, loop=request.param) as port:
        for _ in range(4):
            Connection(port).send(post("/slow"))
        yield port


def test_who_still_sends_reads_why_it_is_refused(busy: int) -> None:
    refused = [Connection(busy) for _ in range(lingering.MOST - 6)]
    assert until(lambda: all(each.has_answer() for each in refused))
    body = bytes(1 << 16)
    for _ in range(3):
        for each in refused:
            each.send(post(body=body))  # to a connection that is closed already, the second fails
    assert {each.answer().status for each in refused} == {503}


def test_every_connection_over_the_limit_reads_so(busy: int) -> None:
    refused = [Connection(busy).send(post(body=bytes(2000))) for _ in range(3 * lingering.MOST)]
    for each in refused:
        answer = each.answer()
        assert answer.status == 503
        assert int(answer.fields["retry-after"]) >= 1
    Connection.close_all()
    assert until(lambda: answers(busy))


@pytest.mark.parametrize("loop", ["auto", "asyncio"])
def test_a_server_out_of_file_descriptors_goes_on_once_it_has_some(loop: str) -> None:
    with server(limits={"connections": 500, "head_seconds": PATIENCE}, files=24, loop=loop) as port:
        held = [Connection(port) for _ in range(40)]
        assert until(lambda: any(each.has_answer() for each in held))
        assert next(each for each in held if each.has_answer()).answer().status == 503
        for each in held:
            each.close()
        assert until(lambda: answers(port))


# ------------------------------------------------------------------------------- idle connections


def test_idle_connections_make_room_for_others(port: int) -> None:
    """Those that have been idle longest go, and none that waits for an answer."""
    before = seen(port)["slow"]
    busy = Connection(port).send(get("/slow"))
    assert until(lambda: seen(port)["slow"] > before)
    others = []
    for _ in range(LIMITS["connections"] - 1):
        others.append(Connection(port).send(get()))
        assert others[-1].answer().status == 200

    def answered() -> bool:
        connection = Connection(port)
        if connection.send(get()).answer().status != 200:  # none has been idle for long enough yet
            return False
        others.append(connection)
        return True

    assert until(answered)
    assert until(answered)
    assert [each.is_closed() for each in others[:2]] == [True, True]
    for each in others[2:]:
        assert each.send(get()).answer().status == 200
    assert not busy.has_answer()
