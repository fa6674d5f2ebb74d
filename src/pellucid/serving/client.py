"""Asks a service about many pictures: several at a time, again when it is asked to wait."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from pellucid.errors import ArgumentError, PellucidError
from pellucid.in_threads import in_order
from pellucid.text import printable, truncated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

IN_FLIGHT = 8
"""Pictures that are on their way at a time."""

PATIENCE = 600.0
"""Seconds for which a picture is sent again, where the service is overloaded or restarts."""

TIMEOUT = 120.0
"""Seconds for an answer."""

_LONGEST_WAIT = 60.0
_AGAIN = (429, 503)


class ServiceError(PellucidError):
    """The service is not there, or does not answer as one."""


@dataclass(frozen=True)
class Answer:
    """What a service answered for a picture.

    Attributes:
        picture: The picture.
        record: The answer as ``pellucid predict --json`` prints it, with the name that the picture
            has here.
        columns: Of a table, after the picture.
        rows: The lines of a table that the answer has; none where it has none.
        problem: Why there is no answer, in a line.
    """

    picture: Path
    record: dict[str, Any]
    columns: list[str]
    rows: list[list[str]]
    problem: str = ""


class Client:
    """A service's address.

    Args:
        url: ``http://host:port``, with ``?model=NAME`` where the service has several.
        token: What it wants to be shown; none: nothing.
        top: How many of the likeliest classes.

    Raises:
        ArgumentError: If that is no such address, or the token has other than ASCII characters.
    """

    def __init__(self, url: str, *, token: str | None = None, top: int = 5) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
            (parts.hostname or "").encode("idna")  # as looking it up does
        except ValueError:
            parts, port = urlsplit(""), None
        if "@" in parts.netloc:
            raise ArgumentError(
                "a name and a password in an address are not sent; leave them out: a service's "
                "token is read of PELLUCID_TOKEN"
            )
        if token is not None and not (token and token.isascii() and token.isprintable()):
            raise ArgumentError("a token has printable ASCII characters; look at PELLUCID_TOKEN")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ArgumentError(
                f"{printable(url)!r:.100} is no address of a service; expected http://host:port"
            )
        query = [*parse_qsl(parts.query), ("top", str(top))]
        query += [("probabilities", "true"), ("table", "true")]
        self.url = f"{parts.scheme}://{parts.netloc}"
        self._host, self._port, self._secure = parts.hostname, port, parts.scheme == "https"
        path = quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~")
        self._path = f"{path}/predict?{urlencode(query)}"
        self._headers = {"Content-Type": "application/octet-stream"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._kept = threading.local()
        self._stopped = threading.Event()

    def answers(self, pictures: Iterable[Path], in_flight: int = IN_FLIGHT) -> Iterator[Answer]:
        """Answer pictures in their order; those that cannot be used with the reason.

        Args:
            pictures: Files.
            in_flight: How many are on their way at a time.

        Raises:
            ServiceError: If the service is not there, or refuses all of them.
        """
        stop = self._stopped.set  # none waits and asks again
        with closing(in_order(self.answer, pictures, threads=in_flight, give_up=stop)) as answers:
            yield from answers

    def answer(self, picture: Path) -> Answer:
        """What the service answers for a picture."""
        name = str(picture)
        try:
            content = picture.read_bytes()
        except OSError as error:
            problem = f"{printable(name)}: cannot be read ({error.strerror or error})"
            return Answer(picture, {"picture": name, "error": problem}, [], [], problem)
        if not content:
            problem = f"{printable(name)}: empty, 0 bytes"
            return Answer(picture, {"picture": name, "error": problem}, [], [], problem)
        status, values = self._patiently(content)
        if status == 413:  # this one is too large; others may not be
            problem = f"{printable(name)}: {_error_of(values)}"
            return Answer(picture, {"picture": name, "error": problem}, [], [], problem)
        if status not in (200, 422):
            raise ServiceError(f"{self.url}: answers {status}: {_error_of(values)}")
        try:
            (record,) = values["answers"]
            record = {**record, "picture": name}
            columns, rows = values["columns"], record.pop("rows")
        except (KeyError, TypeError, ValueError) as error:
            raise ServiceError(
                f"{self.url}: is no service of Pellucid; check the address"
            ) from error
        problem = record.get("error", "")
        if problem:
            problem = f"{printable(name)}: {str(problem).partition(': ')[2] or problem}"
            record["error"] = problem
        return Answer(picture, record, columns, rows, problem)

    def _patiently(self, content: bytes) -> tuple[int, Any]:
        """Status and values; asked again while the service is overloaded or away for a moment."""
        until = time.monotonic() + PATIENCE
        failures = 0
        while True:
            try:
                status, wait, values = self._ask(content)
                failures = 0
            except (OSError, http.client.HTTPException) as error:
                self._forget()
                failures += 1
                if failures > 3 or isinstance(error, socket.gaierror | TimeoutError):
                    raise ServiceError(
                        f"{self.url}: no service answers there ({_reason(error)}); check the "
                        "address, or start one: pellucid serve MODEL"
                    ) from error
                wait, status, values = 0.2 * failures, 0, None
            else:
                if status not in _AGAIN:
                    return status, values
            if time.monotonic() + wait > until or self._stopped.wait(wait):
                if not status:
                    raise ServiceError(f"{self.url}: no service answers there")
                return status, values

    def _ask(self, content: bytes) -> tuple[int, float, Any]:
        """Status, seconds to wait where it says so, and values."""
        connection = getattr(self._kept, "connection", None)
        if connection is None:
            kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            connection = self._kept.connection = kind(self._host, self._port, timeout=TIMEOUT)
        connection.request("POST", self._path, content, self._headers)
        response = connection.getresponse()
        body, wait = response.read(), response.headers.get("Retry-After", "")
        seconds = min(float(wait), _LONGEST_WAIT) if wait.isdecimal() and len(wait) < 9 else 1.0
        if response.will_close:
            self._forget()
        try:
            return response.status, seconds, json.loads(body)
        except ValueError:
            return response.status, seconds, None

    def _forget(self) -> None:
        """Close this thread's connection; the next question opens one."""
        connection = getattr(self._kept, "connection", None)
        if connection is not None:
            connection.close()
        self._kept.connection = None


def _error_of(values: Any) -> str:
    found = values.get("error") if isinstance(values, dict) else None
    return truncated(found, 500) if isinstance(found, str) else "not in JSON; check the address"


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return truncated(text, 100)
