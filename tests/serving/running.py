"""A service for tests: in this process, or as a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import numpy as np
from PIL import Image

from pellucid.serving.app import create_app
from pellucid.serving.limits import Limits
from pellucid.serving.metrics import Metrics
from pellucid.serving.models import Models
from pellucid.serving.sources import sources

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from starlette.applications import Starlette

T = TypeVar("T")


def pictures(count: int, seed: int = 0) -> list[NDArray[np.uint8]]:
    """Pictures of the size that the tests' model takes, all different."""
    random = np.random.default_rng(seed)
    return list(random.integers(0, 256, (count, 6, 5, 3), np.uint8))


def png(pixels: NDArray[np.uint8]) -> bytes:
    """A picture as the bytes of a file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


class Client:
    """Asks an application in an event loop of its own thread; waits for the whole answer."""

    def __init__(self, app: Starlette) -> None:
        self.app = app
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._lifespan = app.router.lifespan_context(app)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.asking = httpx.AsyncClient(transport=transport, base_url="http://localhost")

    def __enter__(self) -> Client:
        self._thread.start()
        self.wait(self._lifespan.__aenter__())
        return self

    def __exit__(self, *about: object) -> None:
        self.wait(self.asking.aclose())
        self.wait(self._lifespan.__aexit__(None, None, None))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of some work in the service's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        return self.wait(self.asking.request(method, url, **options))

    def get(self, url: str, **options: Any) -> httpx.Response:
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> httpx.Response:
        return self.request("POST", url, **options)


@dataclass
class Here:
    """A service in this process.

    Attributes:
        app: The application.
        log: Its lines.
        said: Its remarks.
        client: Asks it.
    """

    app: Starlette
    log: list[str]
    said: list[str]
    client: Client

    @property
    def models(self) -> Models:
        found = self.app.state.service.models
        assert isinstance(found, Models)
        return found


@contextlib.contextmanager
def service(*places: object, engine: str = "reference", **settings: Any) -> Iterator[Here]:
    """A service in this process, by default with the reference engine, which compiles nothing."""
    said: list[str] = []
    log: list[str] = []
    metrics = Metrics()
    limits = Limits(**settings)
    models = Models(engine, limits, watcher=metrics.of_batches, remark=said.append)
    for source in sources([str(place) for place in places]):
        models.load(source)
    app = create_app(models, metrics, limits, write=log.append)
    with Client(app) as client:
        yield Here(app, log, said, client)


@dataclass
class Process:
    """A service as a process of its own.

    Attributes:
        process: The process.
        url: Where it listens.
    """

    process: subprocess.Popen[str]
    url: str

    @property
    def place(self) -> str:
        """Host and port."""
        return self.url.removeprefix("http://")

    def stop(self) -> tuple[int, str, str]:
        """End it with SIGTERM: exit code, and what is left of its output and remarks."""
        self.process.send_signal(signal.SIGTERM)
        out, error = self.process.communicate(timeout=120)
        return self.process.returncode, out, error


def start(*arguments: object, folder: Path) -> Process:
    """Run ``pellucid serve`` at a free port until it says where it listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pellucid", "serve", *map(str, arguments), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PELLUCID_THREADS": "2"},
    )
    assert process.stderr is not None
    seen = ""
    for line in process.stderr:
        seen += line
        if found := re.search(r"http://\S+", line):
            return Process(process, found[0])
    raise AssertionError(seen)
