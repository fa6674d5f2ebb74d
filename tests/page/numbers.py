"""Numbers that the page's sources must come to as well: ``python -m tests.page.numbers``."""

from __future__ import annotations

import base64
import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.counter_random import START, normal, permutation, random_words
from pellucid.engines.native.emit.random import write_counter
from pellucid.engines.native.emit.update import write_scalars
from pellucid.files import strict_json
from pellucid.files.container import checksum
from pellucid.metrics.chance import wilson
from pellucid.ops.initializers import INITIALIZERS, initialise
from pellucid.ops.operation import Parameter
from pellucid.optimizers import Adam
from pellucid.settings import to_dict
from pellucid.training.batches import automatic_batch_size, batch_places, batches_per_epoch
from pellucid.training.schedules import Constant, Cosine, OneCycle, Schedule, Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.files import JSON

SCHEDULES: tuple[Schedule, ...] = (
    Constant(), Step(2, 0.3), Cosine(), Cosine(0.2), OneCycle(), OneCycle(1.0, 0.5), OneCycle(0.0),
)  # fmt: skip
LENGTHS = [(1, 1), (1, 2), (79, 10), (40, 30), (3, 100)]
DOCUMENT: dict[str, JSON] = {
    "text \u2028 <b> \x7f \U0001f600 \u202e": [1e-7, 1.5e-5, 0.1, -2.5, 1e22, 12345678.25, 3, -0.5],
    "a": {"none": None, "yes": True},
}


def _bytes(array: NDArray[Any]) -> str:
    """An array's bytes as base64."""
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def numbers() -> dict[str, Any]:
    """All of them, as JSON values."""
    words = random_words((4001,), 7, 3, 2**32 - 5, START)
    first = {
        name: initialise(Parameter((3, 5, 7), name, "kernel", 15, 63), "conv1.kernel", 2**32 - 1)
        for name in INITIALIZERS
    }
    scalars = np.zeros((20_000, 16), np.float32)
    for step, row in enumerate(scalars):
        write_counter(row, 2**32 - 1, step)
        write_scalars(row, Adam(), 0.003, step + 1)
    rates = {
        json.dumps(to_dict(schedule)): [
            [
                float(np.float32(0.05 * schedule.factor(step, steps, epochs)))
                for step in range(steps * epochs)
            ]
            for steps, epochs in LENGTHS
        ]
        for schedule in SCHEDULES
    }
    counts = [1, 2, 3, 5, 64, 65, 129, 130, 5000]
    arrays: dict[str, NDArray[Any]] = {
        "b": np.arange(6, dtype=np.uint8).reshape(2, 3),
        "a": np.full(70, 0.1, np.float32),
    }
    return {
        "words": _bytes(words),
        "normal": _bytes(normal(words)),
        "permutation": _bytes(permutation(5000, 3, 2).astype(np.uint32)),
        "first": {name: _bytes(array) for name, array in first.items()},
        "scalars": _bytes(scalars),
        "lengths": LENGTHS,
        "rates": rates,
        "batches": [
            [count, size, [[p.start, p.stop] for p in _places(count, size)]]
            for count in counts
            for size in (1, 2, 16, 64)
        ],
        "sizes": [[n, side, automatic_batch_size(n, side, side)]
                  for n in (10, 1600, 3200, 6400) for side in (28, 100, 224)],
        "intervals": [[right, *wilson(right, 40)] for right in range(41)],
        "canonical": strict_json.canonical(DOCUMENT).decode("ascii"),
        "document": DOCUMENT,
        "checksum": checksum(DOCUMENT, arrays),
    }  # fmt: skip


def _places(count: int, size: int) -> list[slice]:
    return [batch_places(count, size, k) for k in range(batches_per_epoch(count, size))]


if __name__ == "__main__":
    json.dump(numbers(), sys.stdout)
