"""Numbers that what computes in a page must come to, too: ``python -m tests.page.engine_numbers``.

What is made of outputs, losses and their gradients, folded weights, checksums, how bytes are kept,
and the colours of values.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.graph.fold import fold
from pellucid.layers import BatchNorm, Conv2D, Dense, Flatten, ReLU, Sequential
from pellucid.ops import CentreLoss, CrossEntropy, Propose
from pellucid.ops.find_boxes import FindBoxes
from pellucid.ops.find_regions import FindRegions
from pellucid.page.blobs import differences, planes
from pellucid.page.graph_data import ShownGraph
from pellucid.page.programs import all_weights
from pellucid.page.self_test import checksum
from pellucid.show.palette import colours, limit_of
from pellucid.tasks import MultiLabel, Regression, SingleLabel, Transcription
from tests.engines.networks import network

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAMES = ("a", "b", "c")
OUTPUTS = [
    [1.5, -2.25, 0.125], [0.0, 0.0, 0.0], [40.0, -3.0, 39.5], [-900.0, 900.0, 900.0],
    [1e-8, 0.0, -1e-8],
]  # fmt: skip


def readings() -> list[dict[str, Any]]:
    """Outputs, and what users read of them, for every task."""
    tasks = {
        "single-label": SingleLabel(NAMES),
        "multi-label": MultiLabel(NAMES),
        "regression": Regression(NAMES, (20.0, -1.0, 0.0), (3.0, 0.5, 100.0), flat=False),
    }
    found = []
    for kind, task in tasks.items():
        for outputs in OUTPUTS:
            answer = task.reading.forward([np.array([outputs])], {})[0][0]
            found.append({"task": kind, "outputs": outputs, "answer": answer.tolist()})
    return found


def texts() -> list[dict[str, Any]]:
    """Logits of steps, with ties, runs and blanks, and what is written of them."""
    random, found = np.random.default_rng(12), []
    for names, units, shape in (
        (("one", "two", "three"), "words", (1, 17, 4)),
        (("a", " ", "b"), "characters", (23, 4)),
        (("one",), "words", (1, 5, 2)),
    ):
        task = Transcription(names, units)
        outputs = np.round(random.normal(0, 2.0, shape)).astype(np.float32)
        written = task.written_in(outputs.astype(np.float64))
        found.append(
            {
                "names": names,
                "units": units,
                "shape": shape,
                "outputs": outputs.reshape(-1).tolist(),
                "text": str(task.answer(outputs[None].astype(np.float64))[0]),
                "steps": [[each.first, each.behind, each.step] for each in written],
                "probabilities": [each.probability for each in written],
            }
        )
    return found


def boxes() -> list[dict[str, Any]]:
    """Maps of logits and distances, and the boxes in them: ties, overlaps, none at all."""
    random, found = np.random.default_rng(11), []
    for shape, shift, settings in (
        ((5, 7, 7), -1.0, (8, 20, 0.05, 0.5)),
        ((9, 4, 5), 0.5, (16, 6, 0.3, 0.2)),
        ((3, 3, 6), -30.0, (8, 4, 0.05, 0.5)),
    ):
        z = random.normal(0, 1.5, (1, *shape)).astype(np.float32)
        z[..., :-4] = np.round(z[..., :-4]) + shift  # neighbours are equal
        z[0, 0, 0, -1] = 12.0  # further than distances go
        operation = FindBoxes(*settings)
        rows, _ = operation.forward([z.astype(np.float64)], {})
        names = ("stride", "most", "least", "overlap")
        found.append(
            {
                "settings": {name: getattr(operation, name) for name in names},
                "shape": list(shape),
                "outputs": z.reshape(-1).tolist(),
                "cells": operation.of_map(z[0]).cells.tolist(),
                "rows": rows.reshape(-1).tolist(),
            }
        )
    return found


def regions() -> list[dict[str, Any]]:
    """Rows of regions, logits and numbers, and the boxes in them: some without a box, and none."""
    random, found = np.random.default_rng(12), []
    for classes, background, least in ((3, 0.0, 0.2), (1, 0.0, 0.3), (2, 40.0, 0.05)):
        z = random.normal(0, 1.5, (1, 9, 7 + 5 * classes)).astype(np.float32)
        z[..., :2], z[..., 2:4] = random.uniform(-5, 30, (2, 1, 9, 2))
        z[..., 2:4] = z[..., :2] + np.abs(z[..., 2:4]) + 4.0
        z[..., 5] = np.where(np.arange(9) % 4 == 3, -1.0, 0.0)
        z[0, 1] = z[0, 0]  # two alike
        z[..., 6] += np.float32(background)
        operation = FindRegions((48, 64), 6, least, 0.4)
        rows, _ = operation.forward([z.astype(np.float64)], {})
        names = ("size", "most", "least", "overlap")
        found.append(
            {
                "settings": {name: getattr(operation, name) for name in names},
                "shape": list(z.shape[1:]),
                "outputs": z.reshape(-1).tolist(),
                "regions": operation.of_picture(z[0]).regions.tolist(),
                "rows": rows.reshape(-1).tolist(),
            }
        )
    return found


def proposals() -> dict[str, Any]:
    """A map of anchors, and of each proposal the cell and which of its anchors it was made of."""
    operation = Propose(8, (12.0, 20.0), (0.5, 1.7), most=40, candidates=100, overlap=0.6)
    z = np.random.default_rng(13).normal(0, 0.8, (1, 4, 6, 20)).astype(np.float32)
    rows, _ = operation.forward([z], {})
    _, _, places = operation.of_map(z[0])
    sizes = [[a / r**0.5, a * r**0.5] for a in operation.scales for r in operation.ratios]
    return {
        "anchors": {"stride": operation.stride, "sizes": sizes},
        "shape": list(z.shape[1:]),
        "map": z.reshape(-1).tolist(),
        "rows": rows.reshape(-1).tolist(),
        "found": [[k // 4 // 6, k // 4 % 6, k % 4] for k in places.tolist()],
    }


def losses() -> list[dict[str, Any]]:
    """Of one class a picture: cross-entropy and its gradient, whichever class is right."""
    found = []
    for outputs in OUTPUTS:
        for truth in range(len(outputs)):
            loss, gradient = CrossEntropy().value_and_gradient(
                np.array([outputs]), np.eye(len(outputs))[[truth]]
            )
            found.append(
                {
                    "outputs": outputs,
                    "truth": truth,
                    "loss": float(loss),
                    "gradient": gradient[0].tolist(),
                }
            )
    return found


def centre_losses() -> list[dict[str, Any]]:
    """Of detectors of one stage: boxes that overlap, that are alike, at the border; and none."""
    random, found = np.random.default_rng(14), []
    alike = [[4.0, 4.0, 20.0, 30.0], [4.0, 4.0, 20.0, 30.0], [0.5, 1.0, 55.0, 39.0]]
    for shape, loss, boxes in (
        ((5, 7, 7), CentreLoss(8, 10), [*alike, [50.0, 33.0, 56.0, 40.0]]),
        ((9, 4, 5), CentreLoss(16, 10, spread=0.9, box_weight=2.0), [[3.0, 8.0, 60.0, 140.0]]),
        ((3, 3, 6), CentreLoss(8, 10), []),
    ):
        z = random.normal(0, 1.5, shape)
        z[0, 0, -1], z[0, 1, -2] = 9.0, -9.0  # further than distances go
        z[1, 1, 0] = 60.0
        rows = np.full((10, 6), [0.0, 0.0, 0.0, 0.0, -1.0, 0.0])
        for n, box in enumerate(boxes):
            rows[n] = [*box, n % (shape[2] - 4), 0.0]
        value, gradient = loss.value_and_gradient(z[None], rows[None])
        names = ("kind", "stride", "spread", "box_weight")
        found.append(
            {
                "about": {name: getattr(loss, name) for name in names},
                "shape": list(shape),
                "outputs": z.reshape(-1).tolist(),
                "targets": rows[: len(boxes), :5].reshape(-1).tolist(),
                "loss": float(value),
                "gradient": gradient.reshape(-1).tolist(),
            }
        )
    return found


def folded() -> dict[str, Any]:
    """The weights of a network with norms behind convolutions, and those that prediction uses."""
    layers = [
        Conv2D(3, (3, 2)),
        BatchNorm(),
        ReLU(),
        Conv2D(2, 3, bias=False),
        BatchNorm(),
        Flatten(),
    ]
    own = network(Sequential([*layers, Dense(3)]).graph((7, 6, 2)))
    made = fold(own.graph)
    shown = ShownGraph.of(own, SingleLabel(NAMES), made)
    single = {name: np.asarray(a, np.float32) for name, a in own.weights.items()}
    computed = all_weights(type(own)(own.graph, single), made)
    return {
        "folds": shown.folds,
        "stored": {name: a.reshape(-1).tolist() for name, a in single.items()},
        "computed": {
            name: np.asarray(a, np.float32).reshape(-1).tolist()
            for name, a in computed.items()
            if name not in single
        },
    }


def kept(floats: NDArray[np.float32], numbers: NDArray[np.uint32]) -> dict[str, Any]:
    """Floats and integers, as they are and as a page keeps them."""
    return {
        "floats": floats.tolist(),
        "planes": list(planes(floats)),
        "checksum": checksum(floats),
        "numbers": numbers.tolist(),
        "differences": differences(numbers).tolist(),
    }


def coloured() -> list[dict[str, Any]]:
    """Values with the end of their scale and their colours."""
    random = np.random.default_rng(11)
    found = []
    for values in (
        random.normal(size=1001), random.normal(size=7) * 1e-9, np.zeros(5), np.array([3.0]),
        np.repeat([0.0, -2.0], [400, 1]),
    ):  # fmt: skip
        limit = limit_of(values)
        found.append(
            {
                "values": values.tolist(),
                "limit": limit,
                "signed": colours(values, limit).reshape(-1).tolist(),
                "weights": colours(values, limit, "weights").reshape(-1).tolist(),
            }
        )
    return found


def numbers() -> dict[str, Any]:
    """All of them, as JSON values."""
    random = np.random.default_rng(7)
    return {
        "readings": readings(),
        "texts": texts(),
        "boxes": boxes(),
        "regions": regions(),
        "proposals": proposals(),
        "losses": losses(),
        "centre_losses": centre_losses(),
        "folded": folded(),
        "kept": kept(
            random.normal(size=1234).astype(np.float32),
            random.integers(0, 2**32, 500, np.uint32),
        ),
        "coloured": coloured(),
    }


if __name__ == "__main__":
    json.dump(numbers(), sys.stdout, allow_nan=False)
