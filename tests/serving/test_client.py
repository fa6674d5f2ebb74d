"""``pellucid predict --url``: the table that the command would have written here."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar

import pytest

from tests.serving.running import Process, pictures, png, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Command


@pytest.fixture(scope="module")
def process(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    found = start(model_file, "--max-queue", 1, folder=tmp_path_factory.mktemp("asked"))
    yield found
    assert found.stop()[0] == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "new"
    made.mkdir()
    for i, pixels in enumerate(pictures(30)):
        (made / f"{i}.png").write_bytes(png(pixels))
    return made


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_as_the_command_writes_it(
    process: Process, model_file: Path, folder: Path, pellucid: Command, ending: str
) -> None:
    """Also where the service is overloaded: with room for one, others are asked to wait."""
    place = folder.parent
    (folder / "bad.png").write_bytes(png(pictures(1)[0])[:50])
    here = pellucid("predict", model_file, "new", "-o", f"here.{ending}", code=1)
    there = pellucid("predict", "--url", process.url, "new", "-o", f"there.{ending}", code=1)
    assert (place / f"there.{ending}").read_bytes() == (place / f"here.{ending}").read_bytes()
    assert here.stderr.splitlines()[-1] == there.stderr.splitlines()[-1]


def test_printed(process: Process, folder: Path, pellucid: Command) -> None:
    done = pellucid("predict", "--url", f"{process.url}?model=pets", folder / "3.png", "--json")
    (found,) = json.loads(done.stdout)
    assert found["picture"] == str(folder / "3.png")


def test_refusals(process: Process, folder: Path, pellucid: Command) -> None:
    def refused(url: str, *more: object, code: int = 1) -> str:
        done = pellucid("predict", "--url", url, folder, "-o", "a.csv", *more, code=code)
        assert not (folder.parent / "a.csv").exists()
        return done.stderr

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # nobody else listens there, and neither does this
        assert "pellucid serve" in refused(f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert "dogs" in refused(f"{process.url}?model=dogs")
    assert "404" in refused(f"{process.url}/elsewhere")
    assert "http://" in refused("127.0.0.1:8000")
    assert "http://" in refused("http://a..b")
    assert "404" in refused(f"{process.url}/чужой")
    assert "topp" in refused(f"{process.url}?topp=3")
    secret = refused(process.url.replace("//", "//me:my-secret@"))
    assert "PELLUCID_TOKEN" in secret
    assert "my-secret" not in secret
    for token in ("ключ" * 5, "a" * 20 + "\n"):
        done = pellucid("predict", "--url", process.url, folder, "--json", code=1,
                        PELLUCID_TOKEN=token)  # fmt: skip
        assert "PELLUCID_TOKEN" in done.stderr
        assert done.stdout == ""
    done = pellucid("predict", "--url", f"{process.url}?model=dogs", folder, "--json", code=1)
    assert (done.stdout, "dogs" in done.stderr) == ("", True)
    assert "--label" in refused(process.url, "--label", "cat", code=2)
    pellucid("predict", "--url", process.url, folder, code=2)
    pellucid("predict", "--url", process.url, "mnist:test:3", "--json", code=1)
    pellucid("predict", "model.safetensors", code=2)


class Busy(BaseHTTPRequestHandler):
    """Asks to wait twice, breaks a connection off once, then answers."""

    asked: ClassVar[list[str]] = []
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.asked.append(self.headers["authorization"])
        if len(self.asked) == 2:
            self.close_connection = True
            return
        answer = {"answers": [{"class": "a", "rows": [["a"]]}], "columns": ["class"]}
        body = json.dumps(answer if len(self.asked) > 3 else {"error": "busy"}).encode()
        self.send_response(200 if len(self.asked) > 3 else 429 if len(self.asked) == 1 else 503)
        self.send_header("retry-after", "0")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *about: object) -> None:
        pass


def test_it_waits_and_tries_again(folder: Path, pellucid: Command) -> None:
    Busy.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        try:
            pellucid(
                "predict", "--url", url, folder / "1.png", "-o", "a.csv", PELLUCID_TOKEN="x" * 20
            )
        finally:
            server.shutdown()
            thread.join()
    assert (folder.parent / "a.csv").read_text().splitlines()[0] == "picture,class"
    assert Busy.asked == [f"Bearer {'x' * 20}"] * 4
