"""The weights of a training in progress, laid out for who watches."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pellucid.files import remove_file, write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from pellucid.graph import Weights
    from pellucid.ops.operation import Array

ALIVE = 10.0
"""Seconds for which they are laid out after somebody has asked."""

SECONDS = 0.5
"""Between two, at least."""

SHARE = 0.0075
"""Of the time that goes into laying out weights, at most."""


def snapshot_bytes(weights: Mapping[str, Array], epoch: int, step: int) -> bytes:
    """Weights as a safetensors file; :func:`pellucid.training.snapshot.snapshot_of` reads it.

    Args:
        weights: By full name.
        epoch: That they are of, from 1; 0: before the first step.
        step: Of the whole training.
    """
    from safetensors.numpy import save

    return save(dict(weights), {"epoch": str(epoch), "step": str(step)})


class Snapshots:
    """Lays out the weights while they are wanted, as often as costs next to nothing.

    Args:
        path: The file.
        names: Of the weights of the network that answers.
    """

    def __init__(self, path: Path, names: Collection[str]) -> None:
        self._path, self._names = path, tuple(names)
        self._until = self._next = float("-inf")
        self._step: int | None = None

    def ask(self, now: float) -> None:
        """Somebody watches now."""
        self._until = now + ALIVE

    def due(self, step: int, now: float) -> bool:
        """Whether the weights of a step are wanted and may be laid out.

        Where nobody has asked for some time, what was laid out last is removed: it would soon be
        older than the run's model.

        Raises:
            OutputError: If the system does not let us remove it.
        """
        if now > self._until:
            if self._step is not None:
                self.end()
            return False
        return now >= self._next and step != self._step

    def write(self, weights: Callable[[], Weights], epoch: int, step: int) -> None:
        """Lay out the weights.

        Raises:
            OutputError: If the file cannot be written.
        """
        began = time.perf_counter()
        try:
            found = weights()
            own = {name: found[name] for name in self._names}
            write_file(self._path, snapshot_bytes(own, epoch, step), sync=False)
            self._step = step
        finally:
            now = time.perf_counter()
            self._next = now + max(SECONDS, (now - began) / SHARE)

    def end(self) -> None:
        """Remove what is laid out.

        Raises:
            OutputError: If the system does not let us.
        """
        self._step = None
        remove_file(self._path)
