"""Every parameter of every route with what no page sends: refused in one line, and harmless."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest

from pellucid.errors import ArgumentError, PellucidError
from pellucid.estimators import load_estimator
from pellucid.explain.edit_records import EDITS
from pellucid.lab.app import ROUTES
from pellucid.lab.asked import edits_of
from tests.lab.running import TOKEN, Opened, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.routing import Route

TEXTS = (
    b"", b"..", b"../../../../etc/passwd", b"%2e%2e%2f%2e%2e%2fetc%2fpasswd", b"/etc/passwd",
    b"..\\..\\x", b"%00", b"a%00b", b"%0d%0aset-cookie:%20x=1", b"%ff%fe", b"%ed%a0%80", b"%",
    b"%zz", b"<script>alert(1)</script>", b"'\"><img%20src=x%20onerror=alert(1)>", b"{}", b"[]",
    b"--help", b"-1", b"0", b"1", b"9" * 5_000, b"1e999", b"NaN", b"null", b"a" * 20_000,
    b"%e2%80%ae%d7%a9", b"0-0", b"1-0", b"1-99999999999", "\u0661-\u0660".encode(), b"CON", b"~",
    b"$(id)", b";id", b"ko", b"?", b"#",
)  # fmt: skip
"""As bytes of an address."""

VALUES: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 10**400, -(10**400), 1.5, float("nan"), float("inf"), 1e308,
    "",
    "..", "../../etc/passwd", "/etc/passwd", "a\0b", "a\nb\rc", "\ud800", "\u202e\u05d0",
    "x" * 20_000,
    "<script>alert(1)</script>", "--help", "con", [], [[]], [None], [{}], ["x"], {}, {"a": {}},
    [{"kind": "../.."}], [{"path": "\ud800"}], [{"path": "../x", "after": {"decision": "keep"}}],
    [{"path": "a\0b", "before": None, "after": {"decision": "move", "label": "\ud800\n"}}],
    [{"path": "x", "after": {"decision": "leave-out", "note": 1}}], [{"path": ""}],
    [{"kind": "scale", "layer": "conv1", "factor": float("nan")}], [1] * 300, [{"edit": []}],
    [{"edit": {}, "layer": "conv1"}], [{"edit": "mute", "layer": []}],
    [{"path": "x", "after": {"decision": []}}], [{"path": "x", "before": {"decision": {}}}],
)  # fmt: skip
"""As values of JSON."""

QUERIES = {
    "/api/events": ("run",),
    "/api/data/pictures": ("label", "from"),
    "/runs/{id}/page": ("language",),
    "/api/changes/{first}/{second}": ("part",),
    "/api/changes/{first}/{second}/{place:place}": ("part",),
}
BODIES = {
    "/api/runs/{id}/control": ("paused", "rate_factor", "stop"),
    "/api/compare": ("first", "second", "edits", "part", "number"),
    "/api/compare/all": ("first", "second", "edits", "part"),
    "/api/surgery": ("run", "edits", "name"),
    "/api/train": ("architecture", "epochs", "learning_rate", "batch_size", "seed"),
    "/api/data/check": ("near", "features"),
    "/api/decisions": ("changes",),
}
STREAMS = ("/api/events", "/api/runs/{id}/events")


@pytest.fixture
def lab(runs: Path, picture_folder: Path, tmp_path: Path) -> Iterator[Opened]:
    shutil.copytree(runs, tmp_path / "work" / "runs")
    with opened(tmp_path / "work" / "runs", str(picture_folder)) as found:
        yield found


def methods(method: str) -> list[Route]:
    return [route for route in ROUTES if method in (route.methods or ())]


def ask(
    lab: Opened, method: str, path: bytes, *, query: bytes = b"", body: bytes = b""
) -> tuple[int, bytes]:
    """Ask as the server does, whose addresses may be any bytes; no client sends them so."""
    from urllib.parse import unquote

    scope: dict[str, Any] = {
        "type": "http", "method": method, "headers": [(b"host", b"localhost")],
        "path": f"/{TOKEN}" + unquote(path.decode("latin-1")), "raw_path": path,
        "query_string": query, "http_version": "1.1", "scheme": "http",
        "server": ("localhost", 80), "root_path": "",
    }  # fmt: skip
    answered: list[dict[str, Any]] = []
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": body, "more_body": False}
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        answered.append(message)

    lab.client.wait(lab.lab_app(scope, receive, send))
    assert answered, (method, path[:80])
    for name, value in answered[0]["headers"]:
        assert b"\n" not in value
        assert TOKEN.encode() not in value, name
    return answered[0]["status"], b"".join(each.get("body", b"") for each in answered)


def harmless(status: int, content: bytes, what: object) -> None:
    """That an answer is no failure of the lab's own, leaks nothing, and is one line if refused."""
    assert status < 500 or status == 503, (what, content[:300])
    assert TOKEN.encode() not in content
    assert b"root:" not in content
    if status >= 400 and status != 503:
        found = json.loads(content)["error"]
        assert "\n" not in found, what
        assert found.isprintable(), what
        assert len(found) < 1_100, what


def filled(route: Route, name: str, value: bytes, identifier: str) -> bytes:
    """A route's path with a value for one of its parameters."""
    path = route.path
    for other in route.param_convertors:
        text = identifier if other in ("id", "first", "second") else "0"
        kept = "\0" if other == name else text
        path = re.sub(rf"\{{{other}(:\w+)?\}}", kept.replace("\0", "\\0"), path)
    return path.encode().replace(b"\0", value)


def test_all_parameters_are_known_here() -> None:
    """Who adds a route that takes a body names what it takes."""
    own = (
        "/api/runs/{id}/train-on", "/api/runs/{id}/mistakes", "/api/changes/{first}/{second}",
    )  # fmt: skip
    takes = {r.path for m in ("POST", "PUT") for r in methods(m) if r.path not in own}
    assert takes == set(BODIES)
    assert set(QUERIES) <= {route.path for route in ROUTES}


def test_paths(lab: Opened) -> None:
    identifier = next(iter(lab.lab.runs.listed()))
    for route in ROUTES:
        for name in route.param_convertors:
            for value in TEXTS:
                for method in sorted((route.methods or set()) - {"HEAD"}):
                    path = filled(route, name, value, identifier)
                    harmless(*ask(lab, method, path), (method, path[:80]))


def test_queries(lab: Opened) -> None:
    identifier = next(iter(lab.lab.runs.listed()))
    for route in methods("GET"):
        for name in (*QUERIES.get(route.path, ()), "unknown"):
            path = filled(route, "", b"", identifier)
            for value in TEXTS:
                query = name.encode() + b"=" + value
                harmless(*ask(lab, "GET", path, query=query), (path, query[:80]))


@pytest.mark.parametrize("path", sorted(BODIES))
def test_bodies(lab: Opened, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object) -> None:
        raise ArgumentError("nothing is trained here")

    monkeypatch.setattr("pellucid.lab.jobs.Jobs._started", started)
    identifier = next(iter(lab.lab.runs.listed()))
    usual = {"first": identifier, "run": identifier, "name": "kept", "edits": []}
    route = next(r for r in ROUTES if r.path == path and r.methods and r.methods & {"POST", "PUT"})
    (method,) = (route.methods or set()) & {"POST", "PUT"}
    place = filled(route, "", b"", identifier)
    before = sorted(lab.lab.runs.root.rglob("*"))
    for name in (*BODIES[path], "unknown"):
        for value in VALUES:
            if path == "/api/train":
                asked: dict[str, Any] = {name: value}
            else:
                asked = {n: v for n, v in usual.items() if n in BODIES[path]} | {name: value}
            body = json.dumps(asked).encode()
            status, content = ask(lab, method, place, body=body)
            harmless(status, content, (path, name, str(value)[:60]))
    for body in (b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000, b"1", b'"x"', b"\0"):
        harmless(*ask(lab, method, place, body=body), (path, body[:20]))
    assert sorted(lab.lab.runs.root.rglob("*")) == before


@pytest.mark.parametrize("kind", sorted(EDITS))
def test_edits(runs: Path, kind: str) -> None:
    estimator = load_estimator(runs / "first" / "model.safetensors")
    for place in ("layer", "weight"):
        for name in sorted({each.name for each in fields(EDITS[kind])}):
            for value in VALUES:
                record = {"edit": kind, place: "conv1", name: value}
                with contextlib.suppress(PellucidError):
                    estimator.edited(*edits_of([record]))
