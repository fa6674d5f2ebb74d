"""A guarded server around an application without models, in a process of its own.

    python -m tests.serving.guarded '{"limits": {…}, "files": 40}'

It prints its port. ``files`` limits how many files the process may open.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from typing import Any

import uvicorn

from pellucid.serving.connections import server_options
from pellucid.serving.guard import Guard
from pellucid.serving.hosts import Hosts
from pellucid.serving.limits import Limits
from pellucid.serving.server import Server
from pellucid.serving.spare import SpareSocket

BIG = 64 << 20
"""Bytes of the response at /big."""

LONG = 600.0
"""Seconds that an answer at /slow takes: longer than any test waits for what comes before it."""

seen = {"cancelled": 0, "finished": 0, "bodies": 0, "slow": 0}
connections: set[Any] = set()


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    path, size, more = scope["path"], 0, True
    if path == "/early":
        await _answer(send, b"early")
        return
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message["body"])
        more = message["more_body"]
        seen["bodies"] += bool(message["body"])
    if path == "/slow":
        seen["slow"] += 1
        try:
            await asyncio.sleep(LONG)
        except asyncio.CancelledError:
            seen["cancelled"] += 1
            raise
    if path == "/big":
        await _answer(send, bytes(BIG))
    elif path == "/seen":
        await _answer(send, json.dumps({**seen, "connections": len(connections)}).encode())
    else:
        fields = [name.decode() for name, _ in scope["headers"]]
        await _answer(send, json.dumps({"bytes": size, "fields": fields, "path": path}).encode())
    seen["finished"] += 1


async def _answer(send: Any, body: bytes) -> None:
    headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    given = json.loads(sys.argv[1])
    limits = Limits(**given.get("limits", {}))
    if "files" in given:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (given["files"], hard))
    guard = Guard(app, limits, Hosts("127.0.0.1"), given.get("token"))
    options = server_options(limits) | {"loop": given.get("loop", "auto")}
    config = uvicorn.Config(guard, log_level="error", lifespan="off", **options)
    with SpareSocket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(2048)
        sys.stdout.write(f"{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        server = Server(config, limits)
        globals()["connections"] = server.server_state.connections
        server.run([listening])


if __name__ == "__main__":
    main()
