"""Activation maximisation: a picture dreamt up so that it excites a unit as much as can be.

    x ← x + η · g/|g| − η · λ · (x − grey),  g = ∂activation/∂x

beginning with noise about grey, moved about a little before every step, and blurred now and then,
so that no fine pattern that happens to please the network takes over. Simonyan et al. 2013, *Deep
inside convolutional networks* (decay); Yosinski et al. 2015, *Understanding neural networks through
deep visualization* (blur); Mordvintsev et al. 2015 (jitter).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid import checks
from pellucid.engines import get_engine
from pellucid.explain.baseline import MEAN, baseline_pixels
from pellucid.explain.records import numbers, record
from pellucid.explain.unit import check_unit
from pellucid.record import Record
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from pellucid.engines import Program
    from pellucid.graph import Network
    from pellucid.ops.operation import Array

STEPS, STEP_SIZE, DECAY, BLUR_EVERY = 128, 6.0, 0.01, 4
"""The step is the change of a pixel, of 0..255, as a root of the mean square."""

SHARE_MOVED = 16
"""Before each step the picture moves by at most its smaller side, divided by this: not at all if it
is tiny."""


@short_repr
@dataclass(frozen=True, eq=False)
class Maximised(Record):
    """A picture that excites a unit.

    Attributes:
        layer: The layer.
        unit: Which of its feature maps (or units, or classes).
        image: uint8 (H, W, C), 0..255.
        activations: The unit's value, for feature maps their mean, before every step and at the
            end, with the final picture as bytes: (steps + 1,).
        without_gradient: How many steps had no gradient at all.
        engine: Who computed it, and in what precision.
    """

    record_kind: ClassVar[str] = "maximised"
    layer: str
    unit: int
    image: Array
    activations: Array
    without_gradient: int = 0
    engine: str = ""

    @property
    def empty(self) -> str | None:
        """Why the picture shows nothing that excites the unit; none if it does."""
        steps = len(self.activations) - 1
        if not np.isfinite(self.activations).all():
            return "the unit's activation is NaN or infinite"
        if self.without_gradient == steps:
            return (
                f"no step had a gradient, so the picture is the noise it began with: {self.layer}, "
                f"unit {self.unit} is {self.activations[-1]:.4g} and flat there; try another seed, "
                "or the layer before its activation function"
            )
        if self.activations[-1] <= self.activations[0]:
            return (
                f"the activation did not rise ({self.activations[0]:.4g} → "
                f"{self.activations[-1]:.4g}); try more steps, another step size or seed"
            )
        return None

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return record(
            "maximised",
            layer=self.layer,
            engine=self.engine,
            unit=self.unit,
            image=numbers(self.image),
            activations=numbers(self.activations),
            without_gradient=self.without_gradient,
            empty=self.empty,
        )


def maximise(
    network: Network,
    layer: str,
    unit: int,
    *,
    steps: int = STEPS,
    step_size: float = STEP_SIZE,
    decay: float = DECAY,
    seed: int = 0,
) -> Maximised:
    """Dream up a picture that excites a unit.

    Args:
        network: The network.
        layer: A layer; the last one for a class.
        unit: Which of its feature maps (or units), from 0.
        steps: How many steps up.
        step_size: η, in pixel units.
        decay: λ, 0 to 1: how strongly pixels are drawn back to grey.
        seed: Of noise and movement; the same seed gives the same picture.

    Raises:
        ArgumentError: If there is no such layer or unit, or a setting is out of its range.
    """
    graph = network.graph
    name = check_unit(graph, layer, unit)
    checks.whole("steps", steps, 1, 100_000)
    checks.number("step_size", step_size, 0.0, 255.0)
    checks.number("decay", decay, 0.0, 1.0)
    checks.whole("seed", seed, 0, 2**32 - 1)
    random = np.random.default_rng(seed)
    grey = np.broadcast_to(baseline_pixels(graph, MEAN), graph.input_shape)
    x = np.clip(grey + 10.0 * random.standard_normal(graph.input_shape), 0.0, 255.0)
    program = get_engine().load(network.select(name))
    most = min(graph.input_shape[:2]) // SHARE_MOVED
    activations, without = [], 0
    for step in range(steps):
        moved = random.integers(-most, most + 1, 2)
        shifted = np.roll(x, moved, axis=(0, 1))
        activation, slope = _climb(program, shifted, unit)
        activations.append(activation)
        without += not slope.any()
        size = float(np.sqrt((slope**2).mean())) or 1.0
        x = x + step_size * np.roll(slope, -moved, axis=(0, 1)) / size
        x = np.clip(x - step_size * decay * (x - grey), 0.0, 255.0)
        if step % BLUR_EVERY == 0 and step < 0.75 * steps:
            x = _blurred(x)
    image = x.round().astype(np.uint8)
    activations.append(_climb(program, image, unit)[0])
    return Maximised(name, unit, image, np.array(activations), without, program.made_by())


def _climb(program: Program, image: Array, unit: int) -> tuple[float, Array]:
    """The unit's activation, and its gradient by the pixels (H, W, C)."""
    graph = program.graph
    start = np.zeros((1, *graph.output_shape))
    start[..., unit] = 1.0 / start[..., unit].size
    found = program.differentiate(
        graph, {graph.input: image[None]}, {graph.output: start}, values=[graph.input]
    )
    (value,) = found.outputs.values()
    slope = found.values[graph.input][0]
    return float(value[..., unit].mean()), slope.astype(np.float64)


def _blurred(x: Array) -> Array:
    """Each pixel mixed with its neighbours, 1 2 1 down and across."""
    for axis in (0, 1):
        edge = [(1, 1) if k == axis else (0, 0) for k in range(3)]
        padded = np.pad(x, edge, mode="edge")
        first, middle, last = (
            np.take(padded, range(k, k + x.shape[axis]), axis) for k in (0, 1, 2)
        )
        x = (first + 2.0 * middle + last) / 4.0
    return x
