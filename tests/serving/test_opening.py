"""``/explain``, ``/trace`` and pages: what the commands give, over HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.serving.running import Here, pictures, png, service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Command

BODY = png(pictures(1)[0])


@pytest.fixture(scope="module")
def here(model_file: Path) -> Iterator[Here]:
    with service(model_file) as found:
        yield found


@pytest.mark.parametrize(
    ("command", "options", "query"),
    [
        ("explain", [], ""),
        ("explain", ["--method", "grad-cam", "--target", "cat"], "method=grad-cam&target=cat"),
        ("explain", ["--method", "occlusion", "--size", 2], "method=occlusion&size=2"),
        ("explain", ["--method", "all", "--size", 2], "method=all&size=2"),
        ("trace", [], ""),
        ("trace", ["--layer", "conv1", "--at", "1,2,3"], "layer=conv1&at=1,2,3"),
    ],
)
def test_as_the_command_prints_it(
    here: Here, model_file: Path, pellucid: Command, tmp_path: Path,
    command: str, options: list[object], query: str,
) -> None:  # fmt: skip
    (tmp_path / "a.png").write_bytes(BODY)
    printed = json.loads(
        pellucid(command, model_file, "a.png", "--json", "--engine", "reference", *options).stdout
    )
    found: dict[str, Any] = here.client.post(f"/{command}?{query}", content=BODY).json()
    assert (found.pop("model"), found.pop("version")) == ("pets", 1)
    del printed["looked_at"]
    assert found == printed


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/explain?method=magic", "magic"),
        ("/explain?method=grad-cam&target=dog", "dog"),
        ("/explain?size=x", "size"),
        ("/explain?box=1", "box"),
        ("/explain?place=1", "place"),
        ("/trace?layer=conv1", "at"),
        ("/trace?layer=conv1&at=1", "conv1"),
        ("/trace?layer=conv1&at=99,99,99", "99"),
        ("/trace?layer=nothing&at=1", "nothing"),
        ("/trace?word=1", "word"),
        ("/trace?second=nan", "second"),
        ("/trace?second=1,2", "second"),
        ("/trace?layer=conv1&at=1,2,3&box=1", "box"),
        ("/trace?place=1,2&second=1", "place"),
        ("/trace?target=cat", "target"),
        ("/explain?tarket=cat", "tarket"),
        ("/predict?Top=2", "Top"),
    ],
)
def test_refusals(here: Here, path: str, named: str) -> None:
    found = here.client.post(path, content=BODY)
    assert found.status_code == 400, found.text
    assert named in found.json()["error"]


@pytest.mark.parametrize("path", ["/explain", "/trace"])
def test_pictures_that_cannot_be_used(here: Here, path: str) -> None:
    assert here.client.post(path, content=b"no picture").status_code == 400
    two = [("a", ("a.png", BODY)), ("b", ("b.png", BODY))]
    assert "2" in here.client.post(path, files=two).json()["error"]
    assert here.client.post(path).status_code == 400


def test_the_page(here: Here) -> None:
    found = here.client.get("/")
    for _ in range(60):
        if found.status_code == 200:
            break
        assert found.headers["retry-after"]
        found = here.client.get("/")
    assert found.headers["content-type"].startswith("text/html")
    assert "<title>pets</title>" in found.text
    assert here.client.get("/page/pets").text == found.text
    assert here.client.get("/page/dogs").status_code == 404
