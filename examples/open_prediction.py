"""Draw a prediction opened up: every layer of the lecture's network, for one digit.

    python examples/open_prediction.py runs/demo examples/digit-7.png opened.png

Needs Matplotlib: pip install matplotlib.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import pyplot as plt

import pellucid as pl

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

MAPS = 8


def draw(model: pl.ImageClassifier, picture: str) -> Figure:
    """One row a layer: the picture, feature maps before and after ReLU, pooled maps, classes."""
    values = model.values(picture)
    rows = {
        "conv1": "convolution 1\nblue −, red +",
        "relu1": "ReLU: negatives\nbecome 0",
        "pool1": "max pooling",
        "conv2": "convolution 2\nblue −, red +",
        "relu2": "ReLU",
        "pool2": "max pooling",
    }
    figure = plt.figure(figsize=(11, 7), layout="constrained")
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=[2.6, 1])[0]
    axes = left.subplots(len(rows), MAPS)
    for row, (layer, label) in zip(axes, rows.items(), strict=True):
        maps = values[layer]
        strongest = np.argsort(-maps.max(axis=(0, 1)), kind="stable")[:MAPS]
        scale = float(np.abs(maps).max()) or 1.0
        for ax, channel in zip(row, strongest, strict=True):
            ax.imshow(maps[..., channel], cmap="RdBu_r", vmin=-scale, vmax=scale)
            ax.set_title(f"map {channel}", fontsize=7, pad=2)
            ax.axis("off")
        row[0].text(
            -0.15, 0.5, label, transform=row[0].transAxes, ha="right", va="center", fontsize=9
        )
    top, bottom = right.subplots(2, 1)
    top.imshow(values["input"][..., 0], cmap="gray", vmin=0, vmax=255)
    top.set_title("the picture: pixels 0 to 255", fontsize=10)
    top.axis("off")
    logits = values[model.summary().rows[-1].layer]
    _bars(bottom, model.model_.classes, values["probabilities"], logits)
    return figure


def _bars(
    ax: Axes, classes: tuple[str, ...], probabilities: NDArray[Any], logits: NDArray[Any]
) -> None:
    """A bar a class: its probability, with the logit that made it."""
    places = np.arange(len(classes))
    ax.barh(places, probabilities, color="#b2182b")
    ax.set_yticks(places, [f"class {name}" for name in classes])
    for y, (p, z) in enumerate(zip(probabilities, logits, strict=True)):
        inside = p > 0.6
        ax.text(
            p - 0.02 if inside else p + 0.02, y, f"{p:.2%}  (logit {z:+.1f})",
            va="center", ha="right" if inside else "left", fontsize=8,
            color="white" if inside else "black",
        )  # fmt: skip
    ax.set_xlim(0, 1)
    ax.invert_yaxis()
    ax.set_title("softmax: probabilities", fontsize=10)


def main() -> None:
    """Draw what the command line names."""
    model, picture, out = sys.argv[1:]
    draw(pl.load(model), picture).savefig(out, dpi=110)


if __name__ == "__main__":
    main()
