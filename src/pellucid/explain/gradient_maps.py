"""Heatmaps from gradients by the pixels: plain, times the pixel, averaged over noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid import checks
from pellucid.engines.batches import images_at_once, parts
from pellucid.explain.heatmap import Heatmap, heatmap_of
from pellucid.explain.methods import GRADIENT, GRADIENT_TIMES_INPUT, SMOOTH_GRAD

if TYPE_CHECKING:
    from pellucid.engines import Program
    from pellucid.explain.score import Score
    from pellucid.ops.operation import Array

COPIES, NOISE = 32, 0.15
"""Smilkov et al. find 10 to 20 % of noise and some 50 copies enough; 32 look the same."""


def gradient(scored: Score) -> Heatmap:
    """∂score/∂pixel, in score per step of 1 of 0..255."""
    return heatmap_of(scored, GRADIENT, pixel_gradients(scored, scored.image[None])[0])


def gradient_times_input(scored: Score) -> Heatmap:
    """∂score/∂pixel · pixel."""
    slopes = pixel_gradients(scored, scored.image[None])[0]
    black = "" if scored.image.any() else "every pixel of the picture is 0"
    return heatmap_of(scored, GRADIENT_TIMES_INPUT, slopes * scored.image, if_empty=black)


def smooth_grad(
    scored: Score, *, copies: int = COPIES, noise: float = NOISE, seed: int = 0
) -> Heatmap:
    """The mean of ∂score/∂pixel over copies of the image with Gaussian noise.

    Args:
        scored: What is asked.
        copies: How many.
        noise: Its standard deviation, as a share of the image's range of pixels, 0 to 10.
        seed: Of the noise.
    """
    checks.whole("copies", copies, 1, 10_000)
    checks.number("noise", noise, 0.0, 10.0)
    checks.whole("seed", seed, 0, 2**32 - 1)
    image = scored.image.astype(np.float32)
    spread = noise * float(np.ptp(image))
    random = np.random.default_rng(seed)
    total = np.zeros(image.shape)
    noisy = np.broadcast_to(image, (copies, *image.shape))
    for part in parts(copies, gradients_at_once(scored.program)):
        drawn = noisy[part] + spread * random.standard_normal(noisy[part].shape, np.float32)
        total += pixel_gradients(scored, drawn).sum(axis=0, dtype=np.float64)
    settings = {"copies": copies, "noise": noise, "seed": seed}
    flat = "" if spread else "all pixels are the same, so that there is no noise: a plain gradient"
    return heatmap_of(scored, SMOOTH_GRAD, total / copies, settings=settings, remark=flat)


def pixel_gradients(scored: Score, images: Array, program: Program | None = None) -> Array:
    """∂score/∂pixel of each image (N, H, W, C).

    Args:
        scored: What is asked.
        images: The images.
        program: Who computes; by default the program that predicts.
    """
    graph = scored.graph
    found = (program or scored.program).differentiate(
        graph,
        {graph.input: images},
        {graph.output: scored.gradient(len(images))},
        values=[graph.input],
    )
    return found.values[graph.input]


def gradients_at_once(program: Program) -> int:
    """How many images a batch may have where gradients are kept beside values, at least 1."""
    return images_at_once(4 * program.values_bytes)
