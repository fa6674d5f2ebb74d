"""The error that answers a request with a status instead of a result."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pellucid.errors import PellucidError

if TYPE_CHECKING:
    from collections.abc import Sequence


class RefusedError(PellucidError):
    """A request that is not answered.

    Attributes:
        status: The status of the response, 400 to 599.
        headers: Further header fields of the response.
    """

    def __init__(
        self, status: int, message: str, headers: Sequence[tuple[bytes, bytes]] = ()
    ) -> None:
        super().__init__(message)
        self.status, self.headers = status, tuple(headers)

    def body(self) -> bytes:
        """The response as the Open Inference Protocol writes errors: JSON with ``error``."""
        return json.dumps({"error": str(self)}).encode()


def try_again(seconds: int) -> tuple[bytes, bytes]:
    """The header field that says after how many seconds to ask again."""
    return b"retry-after", b"%d" % seconds
