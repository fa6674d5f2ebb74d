"""Which scale suits the values that reach a layer, found from those that some pictures make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.batches import images_at_once, parts
from pellucid.errors import ArgumentError
from pellucid.ops import Quantise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.engines import Engine
    from pellucid.graph import Network

KEPT = 1 << 18
"""Values that are kept of each layer to choose its scale by."""

SHARES = tuple(np.linspace(1.0, 0.3, 71).tolist())
"""Of the largest value: where values may be cut off."""


@dataclass(frozen=True, eq=False)
class Range:
    """The values at one place of a network.

    Attributes:
        low: The smallest of all.
        high: The largest of all.
        sample: Some of them, float32.
    """

    low: float
    high: float
    sample: NDArray[np.float32]

    @property
    def quantise(self) -> Quantise:
        """The step to whole numbers with the smallest mean squared error of these values.

        A scale for the largest value of all loses little of that and much of all others; where
        the tail is long, cutting it off loses less.
        """
        signed = self.low < 0
        largest, most = max(-self.low, self.high), 127 if signed else 255
        if largest == 0:
            return Quantise(1.0, signed=signed)
        scales = [float(np.float32(share * largest / most)) for share in SHARES]
        errors = squared_errors(self.sample, scales, -128 if signed else 0, most)
        return Quantise(scales[int(errors.argmin())], signed=signed)


def squared_errors(
    sample: NDArray[np.float32], scales: Sequence[float], lowest: int, highest: int
) -> NDArray[np.float64]:
    """What rounding to whole numbers of several scales costs, (scales,): Σ (s·q(x) − x)².

    Of values in order, those that become q lie side by side, so that their number and their sum
    are differences of running totals: the error is Σ x² − 2s Σ q·(sum) + s² Σ q²·(number), and a
    scale costs a search for its 255 borders instead of a pass over all values.

    Args:
        sample: The values.
        scales: Positive.
        lowest: The least whole number.
        highest: The largest.
    """
    ordered = np.sort(sample.reshape(-1))
    totals = np.zeros(ordered.size + 1)
    np.cumsum(ordered, dtype=np.float64, out=totals[1:])
    whole = np.arange(lowest, highest + 1)
    borders = np.asarray(scales)[:, np.newaxis] * (whole[1:] - 0.5)
    found = np.searchsorted(ordered, borders.astype(np.float32))
    ends = np.pad(found, ((0, 0), (1, 1)), constant_values=((0, 0), (0, ordered.size)))
    counts, sums = np.diff(ends, axis=1), np.diff(totals[ends], axis=1)
    steps = np.asarray(scales)
    squares = float(np.square(ordered, dtype=np.float64).sum())
    return np.asarray(squares - 2 * steps * (sums @ whole) + steps**2 * (counts @ whole**2))


def find_ranges(
    network: Network, names: Sequence[str], images: NDArray[np.uint8], engine: Engine
) -> dict[str, Range]:
    """The values at some places of a network, for some pictures.

    Args:
        network: The network.
        names: Of values.
        images: (N, H, W, C), N at least 1.
        engine: Who computes.

    Raises:
        ArgumentError: If there is no picture, or a value is NaN or infinite.
    """
    if not len(images):
        raise ArgumentError("ranges of values need at least 1 picture, got none")
    graph = network.graph.select(*names)
    program = engine.load(network)
    each = max(1, KEPT // len(images))
    found: dict[str, list[tuple[float, float, NDArray[np.float32]]]] = {name: [] for name in names}
    generator = np.random.default_rng(0)
    size = images_at_once(program.values_bytes)
    for part in parts(len(images), size):
        batch = images[part]
        for name, value in program.run(graph, {graph.input: batch}).items():
            flat = np.asarray(value, np.float32).reshape(len(batch), -1)
            low, high = float(flat.min()), float(flat.max())
            if not (np.isfinite(low) and np.isfinite(high)):
                raise ArgumentError(f"layer {name!r:.80} gives NaN or infinity; train it again")
            found[name].append((low, high, _some(flat, each, generator)))
    return {
        name: Range(
            min(low for low, _, _ in pieces),
            max(high for _, high, _ in pieces),
            np.concatenate([sample for _, _, sample in pieces]),
        )
        for name, pieces in found.items()
    }


def _some(
    values: NDArray[np.float32], each: int, generator: np.random.Generator
) -> NDArray[np.float32]:
    """All values (N, F) of some pictures, or as many of each, others of each picture."""
    if values.shape[1] <= each:
        return values.reshape(-1)
    chosen = generator.integers(0, values.shape[1], (len(values), each))
    return np.take_along_axis(values, chosen, axis=1).reshape(-1)
