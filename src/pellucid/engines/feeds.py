"""What goes into a program: arrays for a graph's inputs, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.checks import brief
from pellucid.errors import ArgumentError, ShapeError
from pellucid.graph.whole import check_reals
from pellucid.ops.loss import one_hot
from pellucid.ops.operation import describe
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import DTypeLike

    from pellucid.graph import Graph
    from pellucid.ops.operation import Array, Shape


def check_feeds(graph: Graph, feeds: Mapping[str, Array]) -> dict[str, Array]:
    """Arrays for every input of a graph, once they are found good.

    Class numbers (N,) may be fed where a loss takes wanted probabilities (N, K); they come back as
    they are, see :func:`as_targets`.

    Args:
        graph: The graph.
        feeds: An array (N, *shape) for each input, with N at least 1 and the same for all;
            integers or floats.

    Raises:
        ArgumentError: If an input is missing or unknown, or targets are not finite or negative
            where they must be probabilities, or words are none.
        ShapeError: If an array is not of its input's shape, or class numbers are out of range.
    """
    if odd := sorted(feeds.keys() ^ graph.inputs.keys()):
        fault = "is missing" if odd[0] in graph.inputs else "is unknown"
        raise ArgumentError(
            f"input {brief(odd[0])} {fault}; the network takes {', '.join(graph.inputs)}"
        )
    found: dict[str, Array] = {}
    losses = graph.compared
    count: int | None = None
    for name, kind in graph.inputs.items():
        array = np.asarray(feeds[name])
        if name in losses:
            for loss, outputs in losses[name]:
                found[name] = loss.check_targets(array, count, kind.shape)
                loss.check_fit(found[name], outputs)
        else:
            found[name] = array
            check_images(graph, name, array, count)
        count = len(array)
    return found


def as_targets(labels: Array, shape: Shape, dtype: DTypeLike) -> Array:
    """A copy of checked targets as wanted values (N, K): class numbers (N,) as ones and zeros."""
    if labels.ndim == len(shape) + 1:
        return labels.astype(dtype)
    return one_hot(labels, shape[0], dtype)


def check_images(graph: Graph, name: str, array: Array, count: int | None = None) -> None:
    """Check that an array is a batch for one of a graph's inputs.

    Raises:
        ShapeError: With what came and what was expected.
        ArgumentError: If an operation that takes it finds fault with its numbers.
    """
    shape = graph.inputs[name].shape
    if array.shape[1:] == shape and len(array) and array.dtype.kind in "biuf":
        if count is not None and len(array) != count:
            raise ShapeError(
                f"input {brief(name)} must have {counted(count, 'example')}, got {len(array)}"
            )
        # Floats may be what another network has computed, of which operations take any.
        for operation in graph.fed[name] if graph.inputs[name].dtype != "float32" else ():
            if fault := operation.fault(array):
                raise ArgumentError(f"what is fed to {brief(name)} {fault}")
        return
    alone = len(shape) == 3 and sum(len(t.shape) == 3 for t in graph.inputs.values()) == 1
    what = "images" if alone else f"for its input {brief(name)} arrays"
    came = describe(array.shape) if array.dtype.kind in "biuf" else str(array.dtype)
    raise ShapeError(
        f"the network takes {what} {describe(('N', *shape))} with N at least 1, "  # type: ignore[arg-type]
        f"got an array {came}"
    )


def check_origins(graph: Graph, at: Mapping[str, Array], count: int) -> dict[str, Array]:
    """Gradients of a score where it reads values, by the values' names, float32.

    Args:
        graph: The graph.
        at: As :meth:`pellucid.engines.Program.differentiate` takes it.
        count: How many examples there are.

    Raises:
        ArgumentError: If there is no such value, or the graph is quantised.
        ShapeError: If one is not shaped as its value.
    """
    check_reals(graph, "a gradient")
    found = {}
    for given, array in at.items():
        name = graph.value(given)
        kind, gradient = graph.types[name], np.asarray(array)
        shape = kind.shape if kind.per == "batch" else (count, *kind.shape)
        if gradient.shape != shape:
            raise ShapeError(
                f"the gradient at {brief(name)} must be {shape}, as its values are, got "
                f"{gradient.shape}"
            )
        found[name] = gradient
    return found
