"""Bring what is fed soon to a GPU while it computes, on a second stream."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor

    from pellucid.ops.operation import Array

MOST = 2
"""Arrays that are under way or wait at most: the current batch's and the next one's."""


class Fetcher:
    """Copies arrays to a GPU from page-locked memory, without the host waiting for it.

    The stream that computes waits for a copy only when it needs it. On a processor there is nothing
    to bring anywhere, and nothing happens.

    Args:
        device: Where arrays are needed.
    """

    def __init__(self, device: torch.device) -> None:
        self._device, self._lock = device, threading.Lock()
        self._stream: torch.cuda.Stream | None = None
        if device.type == "cuda":
            self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._coming: list[tuple[Array, Tensor, Tensor, Any]] = []

    def begin(self, array: Array) -> None:
        """Begin to copy an array; any thread may ask."""
        if self._stream is None:
            return
        pinned = torch.from_numpy(np.ascontiguousarray(array)).pin_memory()
        with torch.cuda.stream(self._stream):
            copy = pinned.to(self._device, non_blocking=True)
            arrived = self._stream.record_event()
        with self._lock:  # the pinned memory is kept, since the copy reads it
            self._coming = [*self._coming, (array, pinned, copy, arrived)][-MOST:]

    def take(self, array: Array) -> Tensor | None:
        """The copy of this very array, once; None where none was begun."""
        with self._lock:
            found = next((each for each in self._coming if each[0] is array), None)
            if found is None:
                return None
            self._coming = [each for each in self._coming if each is not found]
        _, _, copy, arrived = found
        computing = torch.cuda.current_stream(self._device)
        computing.wait_event(arrived)
        copy.record_stream(computing)  # its memory is not given away before it is read
        return copy
