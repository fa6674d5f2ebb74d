"""A model's self-test: a few images with the logits that they gave when the model was saved.

Loading computes them again with the engine that predicts, so that a model which would answer
differently here, for whatever reason, is not used at all. Where a network chooses among values,
e.g. which boxes it proposes, the values that it chooses among are tested in the place of logits:
choices jump, so that rounding may exchange whole rows of what follows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines import get_engine
from pellucid.errors import ArgumentError
from pellucid.files.limits import running_costs
from pellucid.graph import is_quantised
from pellucid.ops import CHOICES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.engines import Engine
    from pellucid.graph import Graph, Network
    from pellucid.ops.operation import Shape

MOST_IMAGES = 16
"""Images in a self-test; each is computed whenever the model is loaded."""

MOST_WORK = 10_000_000_000
"""Multiply-adds of a self-test when a model is loaded: of its images the first are computed, at
least one, as many as that allows."""

RELATIVE_TOLERANCE = 1e-3
"""How far logits may differ, as a share of the largest of them in absolute value.

Engines and processors add in different orders. In float32 a sum of n terms so differs by about
√n·2⁻²⁴ of its scale, which for 100 layers of 4608 terms each comes to 4·10⁻⁴ of the logits' scale
if every layer errs the same way. What damages a model (a missing bias, a kernel turned round)
differs by 10⁻² or more.
"""

WHOLE_TOLERANCE = 5e-2
"""The same for quantised networks. Where a value lies half-way between two whole numbers, rounding
decides for one of them, which is a step of up to 1/127 of the layer's largest value, and many such
steps add up. Networks whose values are exact up to each such decision differ by nothing."""

_WORK_PER_PLACE = 100_000
"""Multiply-adds that take as long as one more place of a window."""

ABSOLUTE_TOLERANCE = 1e-5
"""Added to it, for logits that cancel to almost nothing; it changes no probability by more."""


def sample_images(shape: Shape) -> NDArray[np.uint8]:
    """Two images, uint8 (2, H, W, C): one of random pixels, always the same, and one all grey."""
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    return np.stack([noise, np.full(shape, 128, np.uint8)])


def check_images(images: NDArray[np.uint8], shape: Shape) -> None:
    """Check that images can be those of a self-test.

    Raises:
        ArgumentError: If they are not uint8 (1 to 16, H, W, C).
    """
    if images.dtype != np.uint8 or images.shape[1:] != shape or not 1 <= len(images) <= MOST_IMAGES:
        raise ArgumentError(
            f"a self-test's images must be uint8 (1 to {MOST_IMAGES}, "
            f"{', '.join(map(str, shape))}), got {images.dtype} {images.shape}"
        )


def tested(graph: Graph) -> Graph:
    """The part of a graph that is tested: all of it, or up to what its first choice reads."""
    choice = next((node for node in graph.nodes if node.operation.kind in CHOICES), None)
    return graph if choice is None else graph.select(choice.inputs[0])


def affordable(graph: Graph, images: int) -> int:
    """How many of a self-test's images are computed when its model is loaded, at least 1."""
    *_, (_, cost) = running_costs(graph)
    seconds_alike = cost.work + _WORK_PER_PLACE * cost.places
    return max(1, min(images, MOST_WORK // max(1, seconds_alike)))


def compute_logits(
    network: Network, images: NDArray[np.uint8], engine: Engine | None = None
) -> NDArray[np.float32]:
    """The logits of images, float32 (N, K), one image at a time to bound the memory.

    Args:
        network: The network.
        images: (N, H, W, C).
        engine: Who computes; the reference engine by default.

    Raises:
        ArgumentError: If a logit is not a finite number.
    """
    with np.errstate(all="ignore"):  # the check below says more than NumPy's warnings
        graph = tested(network.graph)
        part = network if graph is network.graph else network.part(graph)
        program = (engine or get_engine("reference")).load(part)
        logits = np.concatenate([program.forward(image[np.newaxis]) for image in images])
    if not np.isfinite(logits).all():
        raise ArgumentError(
            "the network's logits on its self-test are not finite; its training diverged: train "
            "with a lower learning rate"
        )
    return logits.astype(np.float32)


def tolerance(expected: NDArray[np.float32], graph: Graph) -> float:
    """How far logits may differ from those expected before more than rounding must be the cause."""
    relative = WHOLE_TOLERANCE if is_quantised(graph) else RELATIVE_TOLERANCE
    return relative * float(np.abs(expected).max()) + ABSOLUTE_TOLERANCE


def check_logits(found: NDArray[np.float32], expected: NDArray[np.float32], graph: Graph) -> None:
    """Check that a graph's logits agree within rounding.

    Raises:
        ArgumentError: With the measured difference, and what is allowed.
    """
    scale, allowed = float(np.abs(expected).max()), tolerance(expected, graph)
    difference = float(np.abs(found.astype(np.float64) - expected).max())
    if not difference <= allowed:
        raise ArgumentError(
            f"logits differ by {difference:.3g}, rounding explains at most {allowed:.3g} (the "
            f"largest logit is {scale:.3g})"
        )
