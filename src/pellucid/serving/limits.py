"""How much a service takes from anyone who reaches it; each limit is an option of the command."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid import checks

_MOST_BYTES = 1 << 40
MOST_SECONDS = 86_400.0


@dataclass(frozen=True)
class Limits:
    """What a service accepts; more is refused before it costs memory or time.

    The defaults suit pictures of cameras (up to 33 million pixels) on a machine with 1 GB to spare.

    Attributes:
        body_bytes: Bytes of one request's body, counted while they arrive.
        all_bodies_bytes: Bytes of the bodies of all requests that are being answered.
        pixels: Pixels of one picture, by its header.
        scans: Passes of one progressive JPEG; each costs the time of a whole picture.
        parts: Parts of a form (multipart), and pictures of one request.
        head_bytes: Bytes of a request line with its header fields.
        head_fields: Header fields of a request.
        head_seconds: Seconds from a connection's or request's first byte to its last header field.
        request_seconds: Seconds from there to the last byte of the answer, whatever trickles in.
        idle_seconds: Seconds that a connection stays open between requests.
        linger_seconds: Seconds for what still arrives after a request was refused.
        connections: Open connections.
        queue: Pictures that wait for the network, and requests that are answered at a time; more
            are answered 429.
        json_depth: Levels of nesting in JSON.
        json_values: Values of a JSON text, by its commas. While one is read nothing else is
            computed: a quarter of a second for a million.
    """

    body_bytes: int = 32 << 20
    all_bodies_bytes: int = 512 << 20
    pixels: int = 1 << 25
    scans: int = 64
    parts: int = 64
    head_bytes: int = 16 << 10
    head_fields: int = 100
    head_seconds: float = 10.0
    request_seconds: float = 60.0
    idle_seconds: float = 60.0
    linger_seconds: float = 2.0
    connections: int = 512
    queue: int = 256
    json_depth: int = 16
    json_values: int = 1 << 20

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            ArgumentError: If a limit is not a number in its range.
        """
        for name in ("body_bytes", "all_bodies_bytes", "pixels"):
            checks.whole(name, getattr(self, name), 1, _MOST_BYTES)
        for name in ("scans", "parts", "head_fields", "connections", "queue", "json_values"):
            checks.whole(name, getattr(self, name))
        checks.whole("head_bytes", self.head_bytes, 256)
        checks.whole("json_depth", self.json_depth, 4, 200)  # 4: a batch of pictures as lists
        for name in ("head_seconds", "request_seconds", "idle_seconds", "linger_seconds"):
            checks.number(name, getattr(self, name), 0.01, MOST_SECONDS)
