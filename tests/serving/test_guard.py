"""Who may ask, and what every response forbids: the guard around an application, in-process."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import httpx
import pytest

from pellucid.errors import ArgumentError
from pellucid.serving.guard import GONE, TASK, Guard
from pellucid.serving.hosts import Hosts, is_loopback, same_origin
from pellucid.serving.limits import Limits

TOKEN = "a-token-of-some-length"  # noqa: S105
EVERYWHERE = "0.0.0.0"  # noqa: S104


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body, and answers with its size and what it was asked."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message["body"])
        more = message["more_body"]
    fields = [name.decode() for name, _ in scope["headers"]]
    body = json.dumps({"bytes": size, "fields": fields}).encode()
    kind = b"text/html; charset=utf-8" if scope["path"] == "/" else b"application/json"
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def ask(
    path: str = "/", method: str = "POST", *, guard: Guard | None = None, body: Any = b"x",
    host: str = "localhost:8000", **headers: Any,
) -> httpx.Response:  # fmt: skip
    guard = guard or Guard(echo, Limits(body_bytes=100), Hosts("127.0.0.1"))
    fields: dict[str, Any] = {"host": host} | {
        name.replace("_", "-"): text for name, text in headers.items()
    }

    async def inner() -> httpx.Response:
        transport = httpx.ASGITransport(guard)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.request(method, path, content=body, headers=fields)

    return asyncio.run(inner())


# --------------------------------------------------------------------------------- DNS rebinding


@pytest.mark.parametrize(
    ("host", "bound", "allowed", "answered"),
    [
        ("localhost:8000", "127.0.0.1", (), True),
        ("LOCALHOST", "127.0.0.1", (), True),
        ("localhost.:80", "127.0.0.1", (), True),
        ("a.localhost", "127.0.0.1", (), True),
        ("127.0.0.1:8000", "localhost", (), True),
        ("127.8.8.8", "127.0.0.1", (), True),
        ("[::1]:8000", "::1", (), True),
        ("evil.example:8000", "127.0.0.1", (), False),
        ("localhost.evil.example", "127.0.0.1", (), False),
        ("127.0.0.1.evil.example", "127.0.0.1", (), False),
        ("192.168.1.5", "127.0.0.1", (), False),
        ("192.168.1.5:8000", EVERYWHERE, (), True),
        ("[2001:db8::1]", "::", (), True),
        ("evil.example", EVERYWHERE, (), False),
        ("pictures.example:8000", EVERYWHERE, ("pictures.example",), True),
        ("other.example", EVERYWHERE, ("pictures.example",), False),
        ("machine7", "machine7", (), True),
        ("anything", EVERYWHERE, ("*",), True),
        ("", "127.0.0.1", ("*",), False),
        ("local host", "127.0.0.1", (), False),
        ("localhost:80:80", "127.0.0.1", (), False),
        ("localhost:evil", "127.0.0.1", (), False),
        ("[::1", "::1", (), False),
        ("[::1]x", "::1", (), False),
        ("user@localhost", "127.0.0.1", (), False),
        ("löcalhost", "127.0.0.1", (), False),
    ],
)
def test_which_names_are_answered(
    host: str, bound: str, allowed: tuple[str, ...], answered: bool
) -> None:
    hosts = Hosts(bound, allowed)
    for _ in range(2):  # the second time from memory
        assert hosts.allows(host.encode("utf-8")) is answered


def test_a_foreign_name_is_refused_whatever_is_asked() -> None:
    for method in ("GET", "POST"):
        answer = ask(method=method, host="evil.example")
        assert answer.status_code == 421
        assert "evil.example" in answer.json()["error"]


def test_allowed_names_are_names() -> None:
    for name in ("http://a.example", "a.example:80", "a b", ""):
        with pytest.raises(ArgumentError, match="without scheme and port"):
            Hosts("127.0.0.1", [name])


def test_loopback() -> None:
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.3.2.1", "::1")))
    assert not any(map(is_loopback, (EVERYWHERE, "::", "10.0.0.1", "machine7", "")))


# ---------------------------------------------------------------------------- cross-site requests


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 200),
        ({"sec_fetch_site": "same-origin", "origin": "http://localhost:8000"}, 200),
        ({"sec_fetch_site": "none"}, 200),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": ""}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://localhost:9000"}, 403),
        ({"origin": "file://"}, 403),
        ({"sec_fetch_site": "same-origin", "origin": "https://evil.example"}, 403),
    ],
)
def test_requests_of_other_sites(fields: dict[str, Any], status: int) -> None:
    assert ask(**fields).status_code == status
    assert ask(method="DELETE", **fields).status_code == status
    assert ask(method="GET", body=b"", **fields).status_code == 200  # a link leads here


def test_the_same_site() -> None:
    assert same_origin(b"https://a.example", b"a.example")
    assert same_origin(b"https://a.example", b"A.example:443")
    assert same_origin(b"http://a.example:80", b"a.example")
    assert not same_origin(b"http://a.example:443", b"a.example")
    assert not same_origin(b"http://a.example.evil", b"a.example")
    assert not same_origin(b"data:a.example", b"a.example")


# ------------------------------------------------------------------------------------------ token


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("field", "status"),
    [
        ("Bearer " + TOKEN, 200),
        ("bearer  " + TOKEN, 200),
        (basic("anyone", TOKEN), 200),
        ("Bearer " + TOKEN[:-1], 401),
        ("Bearer " + TOKEN + "x", 401),
        (TOKEN, 401),
        ("Token " + TOKEN, 401),
        (basic(TOKEN, ""), 401),
        ("Basic " + TOKEN, 401),
        ("Bearer", 401),
        ("Bearer \u00e9", 401),
    ],
)
def test_the_token(field: str, status: int) -> None:
    guard = Guard(echo, Limits(), Hosts("127.0.0.1"), TOKEN)
    for method in ("GET", "POST"):
        answer = ask("/v2", method, guard=guard, body=b"", authorization=field.encode("latin-1"))
        assert answer.status_code == status
        assert TOKEN not in answer.text


def test_without_a_token_health_alone_is_answered() -> None:
    guard = Guard(echo, Limits(), Hosts("127.0.0.1"), TOKEN)
    refused = ask("/metrics", "GET", guard=guard, body=b"")
    assert refused.status_code == 401
    assert "Bearer" in refused.headers["www-authenticate"]
    for path in ("/v2/health/live", "/v2/health/ready"):
        assert ask(path, "GET", guard=guard, body=b"").status_code == 200
    assert ask("/v2/health/live/", "GET", guard=guard, body=b"").status_code == 401


@pytest.mark.parametrize("token", ["", "short", "with spaces in the middle", "é" * 20, "a" * 15])
def test_a_token_that_is_none(token: str) -> None:
    with pytest.raises(ArgumentError, match="at least 16"):
        Guard(echo, Limits(), Hosts("127.0.0.1"), token)


# ----------------------------------------------------------------------------------------- bodies


def test_compressed_bodies_are_refused() -> None:
    for coding in ("gzip", "deflate", "br", "zstd", "identity, gzip", ""):
        answer = ask(content_encoding=coding)
        assert answer.status_code == 415
    assert ask(content_encoding="identity").status_code == 200


def test_a_body_is_counted_though_no_length_is_given() -> None:
    reads = 0

    async def chunks() -> Any:
        nonlocal reads
        for _ in range(50):
            reads += 1
            yield bytes(30)

    guard = Guard(echo, Limits(body_bytes=100), Hosts("127.0.0.1"))
    assert ask(guard=guard, body=chunks()).status_code == 413
    assert guard.held == 0


def _given(message: Any) -> Any:
    async def receive() -> Any:
        return message

    return receive


def test_bodies_that_are_too_many_together_are_put_off() -> None:
    guard = Guard(echo, Limits(body_bytes=100, all_bodies_bytes=150), Hosts("127.0.0.1"))
    guard.held = 100
    answer = ask(guard=guard, body=bytes(60))
    assert (answer.status_code, guard.held) == (503, 100)
    assert int(answer.headers["retry-after"]) >= 1
    assert ask(guard=guard, body=bytes(50)).status_code == 200


def test_more_requests_than_may_be_answered_at_a_time_are_put_off() -> None:
    async def inner() -> list[int]:
        began, end = asyncio.Event(), asyncio.Event()

        async def waits(scope: Any, receive: Any, send: Any) -> None:
            if scope["path"] == "/wait":
                began.set()
                await end.wait()
            await echo(scope, receive, send)

        guard = Guard(waits, Limits(queue=1), Hosts("127.0.0.1"))
        transport = httpx.ASGITransport(guard)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            first = asyncio.create_task(client.post("/wait"))
            await began.wait()
            others = [await client.post("/"), await client.get("/v2/health/ready")]
            end.set()
            answers = [*others, await first, await client.post("/")]
        assert guard.active == 0
        assert int(answers[0].headers["retry-after"]) >= 1
        return [answer.status_code for answer in answers]

    assert asyncio.run(inner()) == [429, 200, 200, 200]


def test_an_application_that_hides_the_refusal_does_not_change_it() -> None:
    async def hides(scope: Any, receive: Any, send: Any) -> None:
        try:
            await receive()
        except Exception:  # noqa: BLE001
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"fine"})

    guard = Guard(hides, Limits(body_bytes=10), Hosts("127.0.0.1"))

    async def chunks() -> Any:
        yield bytes(11)

    assert ask(guard=guard, body=chunks()).status_code == 413


def test_a_part_of_a_response_is_never_what_is_asked_for() -> None:
    answer = ask(method="GET", body=b"", range="bytes=0-0,1-1", if_range="x")
    assert answer.status_code == 200
    assert not {"range", "if-range"} & set(answer.json()["fields"])
    assert answer.headers["accept-ranges"] == "none"


def test_fields_that_decide_come_once() -> None:
    async def inner(name: bytes) -> int:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"host", b"localhost"), (name, b"localhost"), (name, b"localhost")]
        scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
        guard = Guard(echo, Limits(), Hosts("127.0.0.1"))
        await guard(scope, _given({"type": "http.request", "body": b""}), send)
        status: int = sent[0]["status"]
        return status

    for name in (
        b"host", b"origin", b"authorization", b"content-encoding", b"content-length",
        b"content-type", b"sec-fetch-site",
    ):  # fmt: skip
        assert asyncio.run(inner(name)) == 400


# --------------------------------------------------------------------------- deadlines, disconnects


def test_the_deadline_says_whose_fault_it_was() -> None:
    limits = Limits(request_seconds=0.02)

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        while scope["path"] == "/read" and (await receive())["more_body"]:
            pass
        await asyncio.sleep(10)

    guard = Guard(slow, limits, Hosts("127.0.0.1"))
    assert ask("/read", guard=guard).status_code == 503
    assert ask("/", guard=guard).status_code == 408


def test_an_error_of_the_application_stays_its_own() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        ask(guard=Guard(broken, Limits(), Hosts("127.0.0.1")))


def test_a_client_that_went_away_is_not_answered() -> None:
    sent: list[Any] = []

    async def waits(scope: Any, receive: Any, send: Any) -> None:
        scope[GONE] = True
        scope[TASK].cancel()
        await asyncio.sleep(10)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", b"localhost")]}
    asyncio.run(Guard(waits, Limits(), Hosts("127.0.0.1"))(scope, _given({}), send))
    assert not sent
    assert TASK not in scope


# ------------------------------------------------------------------------------- header fields


def test_what_every_response_forbids() -> None:
    page, data = ask("/", "GET", body=b""), ask("/predict")
    refused = ask(host="evil.example")
    for answer in (page, data, refused):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "script-src" in page.headers["content-security-policy"]
    for answer in (data, refused):
        assert "sandbox" in answer.headers["content-security-policy"]
        assert "script-src" not in answer.headers["content-security-policy"]


def test_limits_are_in_their_ranges() -> None:
    for wrong in ({"body_bytes": 0}, {"parts": 1.5}, {"head_seconds": 0}, {"json_depth": 1000}):
        with pytest.raises(ArgumentError, match=next(iter(wrong))):
            Limits(**wrong)
