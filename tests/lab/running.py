"""A lab for tests, in this process."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from pellucid.lab.app import create_app
from pellucid.lab.lab import Lab
from pellucid.lab.runs import Runs
from pellucid.serving.hosts import Hosts
from tests.serving.running import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

TOKEN = "a-token-for-tests"  # noqa: S105 - of labs that end with their test


class Opened:
    """A lab, and who asks it with its token."""

    def __init__(self, lab: Lab, client: Client) -> None:
        self.lab, self.client = lab, client

    @property
    def lab_app(self) -> Any:
        """The application, for requests that no client would send."""
        return self.client.app

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask for a path below the token."""
        return self.client.request(method, f"/{TOKEN}/{path}", **options)

    def get(self, path: str, **options: Any) -> Any:
        """The JSON of an answer that must be one."""
        found = self.ask("GET", path, **options)
        assert found.status_code == 200, found.text
        return found.json()

    def found(self, path: str, **options: Any) -> Any:
        """What a search finds, once it is over."""
        while (answer := self.get(path, **options))["state"] == "finding":
            time.sleep(0.05)
        assert answer["state"] == "done", answer["error"]
        return answer["found"]


@contextlib.contextmanager
def opened(root: Path, data: str | None = None) -> Iterator[Opened]:
    """A lab on the runs below a folder."""
    lab = Lab(Runs(root), data)
    with Client(create_app(lab, TOKEN, Hosts("127.0.0.1"))) as client:
        yield Opened(lab, client)
