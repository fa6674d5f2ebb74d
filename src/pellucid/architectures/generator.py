"""DCGAN: a generator of pictures from noise, and a discriminator that tells them from real ones.

After Radford, Metz and Chintala 2016, *Unsupervised representation learning with deep convolutional
generative adversarial networks*, section 3: strided convolutions instead of pooling, transposed
ones in the generator, batch norms everywhere but at the generator's output and the discriminator's
input, ReLU and a tanh at the end here, leaky ReLU of slope 0.2 there, no hidden dense layers, all
kernels drawn from a normal distribution of standard deviation 0.02.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pellucid import checks
from pellucid.counter_random import START, normal, random_words, stream_of
from pellucid.errors import ShapeError
from pellucid.graph import Graph, Network, Weights, initial_weights
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    ConvTranspose2D,
    Flatten,
    Input,
    LeakyReLU,
    Normalise,
    ReLU,
    Sequential,
    Tanh,
    connect,
)
from pellucid.short_repr import short_repr

NOISE, REAL = "noise", "real"
"""Inputs: what a picture is made of, and real pictures in pixel units."""

GENERATED, OF_REAL, OF_GENERATED = "generated", "of-real", "of-generated"
"""Outputs: pictures in −1..1, and the logits that real and generated pictures are real."""

JUDGED = "judged"
"""The graph of the generator with the discriminator behind it."""

GENERATOR, DISCRIMINATOR = "generator", "discriminator"
"""What the names of each network's layers begin with, and what its step is called."""

SMALLEST = 4
"""Sides of the smallest feature map, where a picture's sides allow it."""

LEAST_HALVINGS = 2
"""Of every picture."""

STD = 0.02
"""Of the first kernels."""

HALF = 127.5


@short_repr
@dataclass(frozen=True, eq=False)
class Adversaries:
    """A generator and a discriminator over one store of weights.

    Attributes:
        whole: From noise and real pictures to generated ones, and the discriminator's logits of
            both, (N, 1) each.
        judged: The generator with the discriminator behind it: from noise alone.
        generator: From noise (1, 1, Z) to a picture (H, W, C) in −1..1.
        network: ``generator``, ``whole`` and ``judged``, with first weights.
    """

    whole: Graph
    judged: Graph
    generator: Graph
    network: Network


def adversaries(
    shape: tuple[int, ...], *, latent: int = 100, width: int = 32, seed: int = 0
) -> Adversaries:
    """Both networks for pictures of a shape.

    Args:
        shape: (height, width, channels); sides are multiples of 4.
        latent: Z, the numbers that a picture is made of, 1 to 4096.
        width: Channels of the discriminator's first feature map, 1 to 1024, which are doubled where
            maps are halved; the generator has twice as many in maps of the same size.
        seed: Of the first weights.

    Raises:
        ShapeError: If a side is no multiple of 4.
    """
    checks.whole("latent", latent, 1, 4096)
    checks.whole("width", width, 1, 1024)
    halvings, smallest = _halvings(shape)
    make = _generator(smallest, shape[2], halvings, width)
    judge = _discriminator(smallest, halvings, width)
    noise, real = Input((1, 1, latent)), Input(tuple(shape))
    generated = make(noise)
    of_generated = judge(generated)
    pixels = Normalise([HALF] * shape[2], [HALF] * shape[2], name="pixels")
    of_real = judge(pixels(real))
    whole = connect(
        {NOISE: noise, REAL: real},
        {GENERATED: generated, OF_GENERATED: of_generated, OF_REAL: of_real},
    )
    judged = connect({NOISE: noise}, {GENERATED: generated, OF_GENERATED: of_generated})
    generator = connect({NOISE: noise}, {GENERATED: generated})
    weights = first_weights(whole, seed)
    network = Network(generator, weights, {"whole": whole, JUDGED: judged})
    return Adversaries(whole, judged, generator, network)


def first_weights(graph: Graph, seed: int) -> Weights:
    """First weights: kernels normal of standard deviation 0.02, all others as for any network."""
    weights = initial_weights(graph, seed)
    for name, weight in weights.items():
        if name.endswith(".kernel"):
            words = random_words(weight.shape, seed, 0, stream_of(name), START)
            weights[name] = (STD * normal(words)).astype(np.float32)
    return weights


def _halvings(shape: tuple[int, ...]) -> tuple[int, tuple[int, int]]:
    """How often pictures are halved, and the sides of what is left."""
    height, width, _ = shape
    if height % 4 or width % 4:
        raise ShapeError(
            f"a generator makes pictures whose height and width are multiples of 4, got "
            f"{height}×{width}; give another size (image_size)"
        )
    count = 0
    while not (height % 2 or width % 2) and (
        count < LEAST_HALVINGS or min(height, width) >= 2 * SMALLEST
    ):
        height, width, count = height // 2, width // 2, count + 1
    return count, (height, width)


def _generator(size: tuple[int, int], channels: int, halvings: int, width: int) -> Sequential:
    layers = []
    for number in range(halvings):
        name = f"{GENERATOR}{number + 1}"
        filters = width * 2 ** (halvings - number)
        up = (
            ConvTranspose2D(filters, size, bias=False, name=name)
            if number == 0
            else ConvTranspose2D(filters, 4, stride=2, padding=1, bias=False, name=name)
        )
        layers += [up, BatchNorm(name=f"{name}-norm"), ReLU(name=f"{name}-relu")]
    name = f"{GENERATOR}{halvings + 1}"
    end = ConvTranspose2D(channels, 4, stride=2, padding=1, name=name)
    return Sequential([*layers, end, Tanh(name=f"{name}-tanh")])


def _discriminator(size: tuple[int, int], halvings: int, width: int) -> Sequential:
    layers = []
    for number in range(halvings):
        name, first = f"{DISCRIMINATOR}{number + 1}", number == 0
        layers.append(Conv2D(width * 2**number, 4, stride=2, padding=1, bias=first, name=name))
        if not first:
            layers.append(BatchNorm(name=f"{name}-norm"))
        layers.append(LeakyReLU(0.2, name=f"{name}-relu"))
    count = halvings
    while min(size) > SMALLEST:  # of odd sides, which the generator cannot double to
        count += 1
        name = f"{DISCRIMINATOR}{count}"
        filters = width * 2 ** (count - 1)
        layers += [
            Conv2D(filters, 3, stride=2, padding=1, bias=False, name=name),
            BatchNorm(name=f"{name}-norm"),
            LeakyReLU(0.2, name=f"{name}-relu"),
        ]
        size = (size[0] + 1) // 2, (size[1] + 1) // 2
    end = Conv2D(1, size, name=f"{DISCRIMINATOR}{count + 1}")
    return Sequential([*layers, end, Flatten(name=f"{DISCRIMINATOR}-logit")])
