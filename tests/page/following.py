"""A page that follows a training, and the weights of three moments with what Python makes of them.

``write(FOLDER)`` writes ``following.html``, ``following-N.bin`` as a lab serves them, and
``following.json``: of each moment the outputs of the first sample, and the value of one place.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.preprocessing import Preprocessing
from pellucid.engines import get_engine
from pellucid.files import Model
from pellucid.graph import Network, initial_weights
from pellucid.layers import BatchNorm, Conv2D, Dense, Flatten, MaxPool, ReLU, Sequential
from pellucid.page import Feed, make_page
from pellucid.page.samples import Samples
from pellucid.page.weights import page_weights, weights_bytes

if TYPE_CHECKING:
    from pathlib import Path

LAYER, AT = "norm1", (2, 1, 3)
"""A value that is looked at: a convolution that has taken a norm in."""

MOMENTS = 3
CLASSES = ("cat", "dog")


def moment(number: int) -> Model:
    """The network with the weights of a moment."""
    layers = [Conv2D(4, (3, 2)), BatchNorm(), ReLU(), MaxPool(2), Flatten(), Dense(2)]
    graph = Sequential(layers).graph((9, 8, 1))
    return Model(Network(graph, initial_weights(graph, number)), CLASSES, Preprocessing(9, 8, 1))


def write(folder: Path) -> None:
    """Write page, weights and values."""
    pixels = np.random.default_rng(9).integers(0, 256, (2, 9, 8, 1), np.uint8)
    page = make_page(moment(0), Samples(pixels, ("a", "b"), (0, None)), title="A training")
    made = page.following(Feed("events", "weights"))
    (folder / "following.html").write_text(made.to_html(), "utf-8")
    found = []
    for number in range(MOMENTS):
        model = moment(number)
        content = weights_bytes(page.data["weights"]["names"], page_weights(model))
        (folder / f"following-{number}.bin").write_bytes(content)
        values = get_engine("native").load(model.network).values(pixels[:1])
        found.append(
            {
                "outputs": values[model.network.graph.output][0].tolist(),
                "value": float(values[LAYER][0][AT]),
            }
        )
    facts = {"layer": LAYER, "at": AT, "moments": found}
    (folder / "following.json").write_text(json.dumps(facts), "utf-8")
