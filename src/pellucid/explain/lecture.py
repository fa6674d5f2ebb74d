"""The lecture's worked numbers, computed from the operations themselves.

What is a constant here is what the slides *give*: an image, a kernel, two networks' answers.
What they *show* is computed, and compared with what they print in one place, where they misprint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.engines import get_engine
from pellucid.graph import Network
from pellucid.layers import Conv2D, Flatten, MaxPool, ReLU, Sequential
from pellucid.metrics.classification import classification_error, cross_entropy, mean_squared_error
from pellucid.ops import CrossEntropy
from pellucid.ops import MaxPool as MaxPoolOperation
from pellucid.ops.loss import one_hot
from pellucid.ops.softmax import probabilities
from pellucid.record import Record
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.terms import Terms

    Numbers = NDArray[np.float64]

IMAGE = """
0 0 0 0 0 0 0
0 1 0 0 0 1 0
0 0 0 0 0 0 0
0 0 0 1 0 0 0
0 1 0 0 0 1 0
0 0 1 1 1 0 0
0 0 0 0 0 0 0
"""

KERNEL = """
0 0 1
1 0 0
0 1 1
"""

MISPRINT_AT = (2, 2)
"""Row and column, from 0, of the feature map's value that the slide misprints."""

MISPRINT = 1.0
"""What the slide prints there."""

SCORES = (3.0, 0.0)
"""Logits of dog and cat whose softmax is the slide's 0.95 and 0.05."""

TRUTH = (0, 1, 0)
"""The table's three images: a dog, a cat, a dog."""

NETWORKS = {
    "network 1": ((0.9, 0.1), (0.1, 0.9), (0.4, 0.6)),
    "network 2": ((0.6, 0.4), (0.3, 0.7), (0.1, 0.9)),
}
"""The table's answers: probabilities of (dog, cat) for each image."""


@dataclass(frozen=True, eq=False)
class Pipeline:
    """Steps 1 to 3 on the lecture's image; each map is (height, width), in pixel units.

    Attributes:
        image: 7×7.
        kernel: 3×3.
        feature_map: 5×5, convolution with stride 1 and no padding.
        rectified: After ReLU.
        pooled: 3×3, max pooling 2×2 with stride 2, windows over the edge counted.
        flattened: 9 values, row by row.
        misprint_at: Where the slide prints another value than the arithmetic gives (from 0).
        misprint: What it prints there.
        misprint_terms: The nine products that make the right value.
        pooled_with_misprint: The pooled map if the slide's value were right.
    """

    image: Numbers
    kernel: Numbers
    feature_map: Numbers
    rectified: Numbers
    pooled: Numbers
    flattened: Numbers
    misprint_at: tuple[int, int]
    misprint: float
    misprint_terms: Terms
    pooled_with_misprint: Numbers


@dataclass(frozen=True, eq=False)
class Judged:
    """One network of the lecture's table, judged three ways.

    Attributes:
        name: Its name in the table.
        probabilities: (3 images, 2 classes).
        classification_error: The share of images whose likeliest class is wrong.
        mean_squared_error: Squares summed over classes, averaged over images.
        cross_entropy: Averaged over images.
        gradients: y − t at the logits, (3, 2): probabilities minus one-hot target.
    """

    name: str
    probabilities: Numbers
    classification_error: float
    mean_squared_error: float
    cross_entropy: float
    gradients: Numbers


@short_repr
@dataclass(frozen=True, eq=False)
class Lecture(Record):
    """All worked numbers of the lecture.

    Attributes:
        pipeline: Steps 1 to 3.
        scores: Logits of dog and cat, (2,).
        probabilities: Their softmax, (2,).
        targets: The truth on the table's images, one-hot, (3, 2).
        networks: The table's two networks.
    """

    record_kind: ClassVar[str] = "lecture"
    endings: ClassVar[tuple[str, ...]] = (".html", ".json")
    pipeline: Pipeline
    scores: Numbers
    probabilities: Numbers
    targets: Numbers
    networks: tuple[Judged, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        p = self.pipeline
        row, column = p.misprint_at
        return {
            "image": p.image.tolist(),
            "kernel": p.kernel.tolist(),
            "feature_map": p.feature_map.tolist(),
            "misprint": {
                "row": row + 1,
                "column": column + 1,
                "printed": p.misprint,
                "computed": p.misprint_terms.total,
                "values": p.misprint_terms.values.tolist(),
                "weights": p.misprint_terms.factors.tolist(),
                "changes_pooled_map": not np.array_equal(p.pooled, p.pooled_with_misprint),
            },
            "rectified": p.rectified.tolist(),
            "pooled": p.pooled.tolist(),
            "flattened": p.flattened.tolist(),
            "softmax": {
                "scores": self.scores.tolist(),
                "probabilities": self.probabilities.tolist(),
            },
            "targets": self.targets.tolist(),
            "networks": [
                {
                    "name": n.name,
                    "probabilities": n.probabilities.tolist(),
                    "classification_error": n.classification_error,
                    "mean_squared_error": n.mean_squared_error,
                    "cross_entropy": n.cross_entropy,
                    "gradients": n.gradients.tolist(),
                }
                for n in self.networks
            ],
        }


def lecture() -> Lecture:
    """Compute the lecture."""
    labels = np.array(TRUTH)
    scores = np.array(SCORES)
    return Lecture(
        pipeline(),
        scores,
        probabilities(scores),
        one_hot(labels, 2),
        tuple(_judge(name, np.array(answers), labels) for name, answers in NETWORKS.items()),
    )


def pipeline() -> Pipeline:
    """Steps 1 to 3, by a network of the lecture's own layers on the reference engine."""
    image, kernel = _grid(IMAGE), _grid(KERNEL)
    layers = [Conv2D(1, 3, bias=False), ReLU(), MaxPool(2, edge="count"), Flatten()]
    graph = Sequential(layers).graph((*image.shape, 1))
    weights = {"conv1.kernel": kernel[:, :, None, None]}
    program = get_engine("reference").load(Network(graph, weights), precision="float64")
    values = program.values(image[None, :, :, None])

    conv, pool = graph["conv1"].operation, graph["pool1"].operation
    assert isinstance(pool, MaxPoolOperation)
    terms = conv.terms([image[:, :, None]], {"kernel": weights["conv1.kernel"]}, (*MISPRINT_AT, 0))
    as_printed = values["relu1"].copy()
    as_printed[0, *MISPRINT_AT, 0] = MISPRINT
    pooled_with_misprint, _ = pool.forward([as_printed], {})
    return Pipeline(
        image,
        kernel,
        feature_map=values["conv1"][0, :, :, 0],
        rectified=values["relu1"][0, :, :, 0],
        pooled=values["pool1"][0, :, :, 0],
        flattened=values["flatten1"][0],
        misprint_at=MISPRINT_AT,
        misprint=MISPRINT,
        misprint_terms=terms,
        pooled_with_misprint=pooled_with_misprint[0, :, :, 0],
    )


def _judge(name: str, probabilities: Numbers, labels: NDArray[np.int64]) -> Judged:
    targets = one_hot(labels, probabilities.shape[1])
    # The logs of probabilities are logits that softmax turns back into them.
    _, gradient = CrossEntropy().value_and_gradient(np.log(probabilities), targets)
    return Judged(
        name,
        probabilities,
        classification_error(probabilities, labels),
        mean_squared_error(probabilities, labels),
        cross_entropy(probabilities, labels),
        gradient * len(labels),  # of each image's own loss, not of the mean
    )


def _grid(text: str) -> Numbers:
    return np.array([line.split() for line in text.strip().splitlines()], np.float64)
