"""JAX as its users write it: pure functions, compiled by XLA for the processor."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.contenders import LEARNING_RATE, MEAN, STD, Contender
from benchmarks.outlines import (
    Block,
    Conv,
    Dense,
    Flat,
    Layer,
    Norm,
    Pool,
    Relu,
    outline,
    weight_shapes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from benchmarks.contenders import Images, Weights
    from benchmarks.workloads import Workload

jax: Any = import_module("jax")  # which has no place among what the package is checked with
jnp: Any = jax.numpy
lax: Any = jax.lax

MOMENTUM, STATISTICS = 0.9, 0.9
"""Of SGD, and of batch norms' running statistics."""

AXES = ("NHWC", "HWIO", "NHWC")
"""Of images, kernels and feature maps: the order in which XLA is fastest on processors."""

Own = dict[str, Any]
"""The arrays of one layer."""


class Jax(Contender):
    """A network and its training step, each compiled as one function that takes bytes.

    XLA takes as many threads as the variable ``NPROC`` says.
    """

    def prepare(
        self, workload: Workload, *, training: bool, threads: int, weights: Weights | None
    ) -> None:
        """Make weights, and functions to be compiled when they are first called."""
        layers = outline(workload.name, workload.classes)
        shapes = weight_shapes(layers, workload.input_shape)
        made = _initial(shapes) if weights is None else _given(weights)
        trained, self._statistics = _apart(made)
        self._trained: Any = jax.device_put(trained)
        self._moments: Any = jax.tree_util.tree_map(jnp.zeros_like, self._trained)

        def logits(trained: Any, statistics: Any, images: Any, *, learns: bool) -> Any:
            run = _Run(trained, statistics, learns=learns)
            x = (images.astype(jnp.float32) - MEAN) / STD
            return run.through(layers, x), run.changed

        def loss(trained: Any, statistics: Any, images: Any, labels: Any) -> Any:
            found, changed = logits(trained, statistics, images, learns=True)
            shares = jax.nn.log_softmax(found)
            return -shares[jnp.arange(len(labels)), labels].mean(), changed

        def step(trained: Any, moments: Any, statistics: Any, images: Any, labels: Any) -> Any:
            slope = jax.value_and_grad(loss, has_aux=True)
            (found, changed), gradients = slope(trained, statistics, images, labels)
            add = jax.tree_util.tree_map
            moments = add(lambda v, g: MOMENTUM * v + g, moments, gradients)
            trained = add(lambda w, v: w - LEARNING_RATE * v, trained, moments)
            return trained, moments, changed, found

        self._logits = jax.jit(lambda t, s, images: logits(t, s, images, learns=False)[0])
        self._step = jax.jit(step, donate_argnums=(0, 1, 2))

    def train_step(self, images: Images, labels: NDArray[np.int64]) -> float:
        """One step."""
        self._trained, self._moments, self._statistics, loss = self._step(
            self._trained, self._moments, self._statistics, images, labels.astype(np.int32)
        )
        return float(loss)

    def forward(self, images: Images) -> NDArray[np.float32]:
        """The logits."""
        return np.asarray(self._logits(self._trained, self._statistics, images))


class _Run:
    """One pass through the layers, which take their weights in order.

    Attributes:
        changed: Running statistics after it.
    """

    def __init__(self, trained: Sequence[Own], statistics: Sequence[Own], *, learns: bool) -> None:
        self._own = iter(zip(trained, statistics, strict=True))
        self._learns = learns
        self.changed: list[Own] = []

    def through(self, layers: Sequence[Layer], x: Any) -> Any:
        for layer in layers:
            x = self._layer(layer, x)
        return x

    def _layer(self, layer: Layer, x: Any) -> Any:
        if isinstance(layer, Relu):
            return jnp.clip(x, 0, 6) if layer.six else jnp.maximum(x, 0)
        if isinstance(layer, Pool):
            window = (1, 2, 2, 1)
            return lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")
        if isinstance(layer, Flat):
            return x.reshape(len(x), -1)
        if isinstance(layer, Block):
            y = self.through(layer.body, x)
            return y + self.through(layer.shortcut, x)
        if not isinstance(layer, Conv | Norm | Dense):
            return x.mean(axis=(1, 2))
        own, statistics = next(self._own)
        if isinstance(layer, Norm):
            return self._norm(layer, own, statistics, x)
        self.changed.append({})
        if isinstance(layer, Dense):
            return x @ own["kernel"] + own["bias"]
        sides = [(layer.padding, layer.padding)] * 2
        strides = (layer.stride, layer.stride)
        y = lax.conv_general_dilated(
            x, own["kernel"], strides, sides, dimension_numbers=AXES,
            feature_group_count=x.shape[-1] if layer.depthwise else 1,
        )  # fmt: skip
        return y + own["bias"] if layer.bias else y

    def _norm(self, layer: Norm, own: Own, statistics: Own, x: Any) -> Any:
        mean, variance = statistics["mean"], statistics["variance"]
        if self._learns:
            mean, variance = x.mean(axis=(0, 1, 2)), x.var(axis=(0, 1, 2))
            now = {"mean": mean, "variance": variance}
            self.changed.append(
                {n: STATISTICS * statistics[n] + (1 - STATISTICS) * now[n] for n in now}
            )
        scale = own["gamma"] / jnp.sqrt(variance + layer.epsilon)
        return (x - mean) * scale + own["beta"]


# ------------------------------------------------------------------------------------ weights


def _initial(shapes: Sequence[Mapping[str, tuple[int, ...]]]) -> list[Own]:
    """First weights: kernels normal, by how many numbers each sum reads (He et al. 2015)."""
    random = np.random.default_rng(0)

    def made(part: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        if part == "kernel":
            deviation = np.sqrt(2 / np.prod(shape[:-1]))
            return np.asarray(random.standard_normal(shape) * deviation, np.float32)
        return np.full(shape, part in ("gamma", "variance"), np.float32)

    return [{part: made(part, shape) for part, shape in own.items()} for own in shapes]


def _given(weights: Weights) -> list[Own]:
    """The package's weights, layer by layer in their order."""
    found: dict[str, Own] = {}
    for name, array in weights.items():
        layer, _, part = name.partition(".")
        found.setdefault(layer, {})[part] = array
    return list(found.values())


def _apart(layers: Sequence[Own]) -> tuple[list[Own], list[Own]]:
    """Weights that are trained, and running statistics."""
    kept = ("mean", "variance")
    return (
        [{n: a for n, a in own.items() if n not in kept} for own in layers],
        [{n: a for n, a in own.items() if n in kept} for own in layers],
    )
