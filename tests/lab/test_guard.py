"""Who may ask a lab: those with its token, from its own pages, by its own name."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from pellucid.lab.app import ROUTES, create_app
from pellucid.lab.guard import MOST_BYTES
from pellucid.lab.lab import Lab
from pellucid.lab.runs import Runs
from pellucid.serving.hosts import Hosts
from tests.lab.running import TOKEN, Opened, opened
from tests.serving.running import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ELSEWHERE = "http://evil.example"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Opened]:
    with opened(tmp_path) as found:
        yield found


def paths() -> list[tuple[str, str]]:
    """Every method and path, with a run that is none."""
    return [
        (method, route.path.replace("{id}", "0" * 16))
        for route in ROUTES
        for method in sorted(route.methods or ())
    ]


@pytest.mark.parametrize(("method", "path"), paths())
def test_every_route_wants_the_token(lab: Opened, method: str, path: str) -> None:
    wrong = "", "/wrong", f"/{TOKEN}x", f"/{TOKEN[:-1]}", "/%00", "/é"
    for start in wrong:
        found = lab.client.request(method, f"{start}{path}")
        assert found.status_code in (403, 308), (start, found.text)
        assert TOKEN not in found.text
        assert TOKEN not in str(found.headers)


@pytest.mark.parametrize(("method", "path"), paths())
def test_every_route_wants_its_own_name(lab: Opened, method: str, path: str) -> None:
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "a b"):
        found = lab.client.request(method, f"/{TOKEN}{path}", headers={"host": host})
        assert found.status_code == 421, host


@pytest.mark.parametrize(("method", "path"), paths())
def test_other_sites_are_refused(lab: Opened, method: str, path: str) -> None:
    for fields in (
        {"origin": ELSEWHERE},
        {"origin": "null"},
        {"origin": "http://localhost:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "same-origin", "origin": ELSEWHERE},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"},
    ):
        found = lab.client.request(method, f"/{TOKEN}{path}", headers=fields)
        assert found.status_code == 403, fields


def test_a_link_elsewhere_may_open_the_first_page_alone(lab: Opened) -> None:
    link = {
        "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document",
    }  # fmt: skip
    assert lab.ask("GET", "", headers=link).status_code == 200
    assert lab.ask("GET", "api/runs", headers=link).status_code == 403
    own = {"sec-fetch-site": "same-origin", "origin": "http://localhost"}
    assert lab.ask("GET", "api/runs", headers=own).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "api/runs/..%2f..%2fetc", "api/runs/..",
        "api/runs/%2e%2e%2f%2e%2e", "runs/../../x/page", "lab.js/../../guard.py", "bundle/lab.js",
        "api/events?run=../..", "api/data/pictures/..", "api/data/pictures/..%2f..%2fetc",
        "api/data/../../etc", "api/decisions/..", "api/data/pictures/../../decisions/x",
    ],
)  # fmt: skip
def test_no_path_leads_elsewhere(lab: Opened, path: str) -> None:
    # Httpx would take dots away before it asks.
    scope: dict[str, Any] = {
        "type": "http", "method": "GET", "headers": [(b"host", b"localhost")],
        "path": f"/{TOKEN}/{path}", "raw_path": path.encode(), "query_string": b"",
        "http_version": "1.1", "scheme": "http", "server": ("localhost", 80), "root_path": "",
    }  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    lab.client.wait(lab.lab_app(scope, receive, send))
    assert sent[0]["status"] == 404
    assert b"root:" not in b"".join(each.get("body", b"") for each in sent)


def test_what_is_too_large_is_not_read(lab: Opened) -> None:
    body = b" " * (MOST_BYTES + 1)
    assert lab.ask("POST", "api/train", content=body).status_code == 413

    async def pieces() -> Any:
        for _ in range(17):
            yield b" " * (MOST_BYTES // 16)

    assert lab.ask("POST", "api/train", content=pieces()).status_code == 413


def test_every_response_can_do_nothing_but_what_it_is_for(lab: Opened) -> None:
    for path in ("", "lab.js", "api/runs", "nothing"):
        found = lab.ask("GET", path)
        assert found.headers["x-content-type-options"] == "nosniff"
        assert found.headers["referrer-policy"] == "no-referrer"
        assert found.headers["cache-control"] == "no-store"
        policy = found.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors" in policy


def test_a_method_that_is_none_of_a_route(lab: Opened) -> None:
    found = lab.ask("DELETE", "api/runs")
    assert found.status_code == 405
    assert set(found.json()) == {"error"}


def test_the_address_for_a_browser_opens_the_lab_once(tmp_path: Path) -> None:
    app = create_app(Lab(Runs(tmp_path)), TOKEN, Hosts("127.0.0.1"), "seen-by-others")
    with Client(app) as client:
        assert client.get("/seen-by-other/").status_code == 403
        other = client.get("/seen-by-others/", headers={"host": "evil.example"})
        assert other.status_code == 421
        found = client.get("/seen-by-others/")
        assert (found.status_code, found.headers["location"]) == (303, f"/{TOKEN}/")
        again = client.get("/seen-by-others/")
        assert again.status_code == 403
        assert TOKEN not in again.text + str(again.headers)


def test_a_body_that_never_arrives(lab: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pellucid.lab.guard.BODY_SECONDS", 0.05)

    async def pieces() -> Any:
        yield b"{"
        await asyncio.sleep(3_600)

    found = lab.ask("POST", "api/train", content=pieces())
    assert found.status_code == 408
    assert "\n" not in found.json()["error"]


def test_a_client_that_leaves_is_no_error_of_the_lab(lab: Opened) -> None:
    scope: dict[str, Any] = {
        "type": "http", "method": "POST", "headers": [(b"host", b"localhost")],
        "path": f"/{TOKEN}/api/train", "raw_path": b"", "query_string": b"",
        "http_version": "1.1", "scheme": "http", "server": ("localhost", 80), "root_path": "",
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(_: dict[str, Any]) -> None:
        pass

    lab.client.wait(lab.lab_app(scope, receive, send))  # raises nothing


def test_an_error_of_its_own_is_as_closed_as_the_rest(
    lab: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab.lab.runs, "listed", lambda **_: 1 // 0)
    found = lab.ask("GET", "api/runs")
    assert found.status_code == 500
    assert found.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in found.headers["content-security-policy"]
    assert set(found.json()) == {"error"}
