"""Who may ask a lab: those with its token, from its own pages, by its own name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pellucid.lab.app import ROUTES
from pellucid.lab.guard import MOST_BYTES
from tests.lab.running import TOKEN, Opened, opened

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
