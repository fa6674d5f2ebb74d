"""Keras as its users write it: a functional model, compiled, on JAX."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.contenders import LEARNING_RATE, MEAN, STD, Contender
from benchmarks.outlines import Block, Conv, Dense, Flat, Layer, Mean, Norm, Pool, Relu, outline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from benchmarks.contenders import Images, Weights
    from benchmarks.workloads import Workload

keras: Any = import_module("keras")  # which has no place among what the package is checked with

PARTS = {
    "Conv2D": ("kernel", "bias"),
    "DepthwiseConv2D": ("kernel", "bias"),
    "Dense": ("kernel", "bias"),
    "BatchNormalization": ("gamma", "beta", "mean", "variance"),
}
"""The package's names for the weights of Keras's layers, in Keras's order."""


class Keras(Contender):
    """A model that takes bytes, its training step compiled as one function.

    Which library computes it says the variable ``KERAS_BACKEND``.
    """

    def prepare(
        self, workload: Workload, *, training: bool, threads: int, weights: Weights | None
    ) -> None:
        """Build the model."""
        keras.utils.set_random_seed(0)
        layers = keras.layers
        given = layers.Input(workload.input_shape, dtype="uint8")
        x = layers.Rescaling(1 / STD, offset=-MEAN / STD)(given)
        self._weighted: list[Any] = []
        self.model = keras.Model(given, self._through(outline(workload.name, workload.classes), x))
        if weights is not None:
            self._copy(weights)
        if training:
            self.model.compile(
                optimizer=keras.optimizers.SGD(LEARNING_RATE, momentum=0.9),
                loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                jit_compile=True,
            )

    def train_step(self, images: Images, labels: NDArray[np.int64]) -> float:
        """One step."""
        self.model.reset_metrics()  # else a mean over steps comes back
        return float(self.model.train_on_batch(images, labels))

    def forward(self, images: Images) -> NDArray[np.float32]:
        """The logits."""
        return np.asarray(self.model.predict_on_batch(images))

    def _through(self, outlined: Sequence[Layer], x: Any) -> Any:
        for layer in outlined:
            if isinstance(layer, Block):
                body = self._through(layer.body, x)
                x = keras.layers.Add()([body, self._through(layer.shortcut, x)])
                continue
            if isinstance(layer, Conv) and layer.padding:
                x = keras.layers.ZeroPadding2D(layer.padding)(x)
            made = _made(layer)
            if type(made).__name__ in PARTS:
                self._weighted.append(made)
            x = made(x)
        return x

    def _copy(self, weights: Weights) -> None:
        """Give the layers, in their order, the package's weights, which have the same order."""
        names = list(dict.fromkeys(name.partition(".")[0] for name in weights))
        for layer, name in zip(self._weighted, names, strict=True):
            parts = (f"{name}.{part}" for part in PARTS[type(layer).__name__])
            own = [weights[part] for part in parts if part in weights]
            if isinstance(layer, keras.layers.DepthwiseConv2D):
                own[0] = own[0].transpose(0, 1, 3, 2)
            layer.set_weights(own)


def _made(layer: Layer) -> Any:
    """A layer of Keras."""
    layers = keras.layers
    if isinstance(layer, Conv) and layer.depthwise:
        return layers.DepthwiseConv2D(layer.size, strides=layer.stride, use_bias=layer.bias)
    if isinstance(layer, Relu) and layer.six:
        return layers.ReLU(max_value=6.0)
    if isinstance(layer, Conv):
        return layers.Conv2D(
            layer.filters, layer.size, strides=layer.stride, padding="valid", use_bias=layer.bias
        )
    if isinstance(layer, Norm):
        return layers.BatchNormalization(momentum=0.9, epsilon=layer.epsilon)
    if isinstance(layer, Dense):
        return layers.Dense(layer.outputs)
    plain = {Relu: "ReLU", Pool: "MaxPooling2D", Mean: "GlobalAveragePooling2D", Flat: "Flatten"}
    return getattr(layers, plain[type(layer)])()
