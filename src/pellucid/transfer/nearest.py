"""The training pictures that are nearest to another one, as a body sees them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import ArgumentError, DataError
from pellucid.files.feature_file import FILE, load_features
from pellucid.text import printable
from pellucid.transfer.body import Body

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pellucid.files import Model
    from pellucid.files.feature_file import FeatureSet


_VALUES = 1 << 24
"""Similarities that are in memory at once."""


@dataclass(frozen=True)
class Neighbour:
    """A training picture.

    Attributes:
        name: What it is called.
        label: Its class, labels or numbers, as a text.
        similarity: Cosine of the angle between its features and the other picture's, −1 to 1.
    """

    name: str
    label: str
    similarity: float

    def __str__(self) -> str:
        return f"{printable(self.name)} ({printable(self.label)}, {self.similarity:.3f})"

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def features_beside(path: Path, model: Model) -> FeatureSet:
    """The features that lie beside a model, once they are found to be of its body.

    Args:
        path: The model's file.
        model: The model.

    Raises:
        DataError: There are none.
        FileFormatError: They are damaged.
        ArgumentError: They are of another body, or the model has none.
    """
    file = path.parent / FILE
    if not file.exists():
        raise DataError(
            f"{printable(path)}: has no {FILE} beside it, which runs on a trained body keep "
            "(pellucid train … --from); give the folder of such a run"
        )
    found = load_features(file)
    if found.body != Body.of(model, str(path)).digest.hex():
        raise ArgumentError(
            f"{printable(file)}: is of another model than {printable(path.name)} beside it; give "
            "the folder of a run as it was written"
        )
    return found


def nearest(kept: FeatureSet, features: NDArray[np.floating], count: int) -> list[Neighbour]:
    """The training pictures whose features point most nearly the same way, the nearest first.

    Args:
        kept: Features of the training pictures, among others.
        features: Of another picture, (D,).
        count: How many are wanted.
    """
    rows = kept.part("train")
    others = kept.features[rows].astype(np.float64)
    one = features.astype(np.float64)
    lengths = np.linalg.norm(others, axis=1) * np.linalg.norm(one)
    similarity = others @ one / np.maximum(lengths, 1e-300)
    order = np.argsort(-similarity, kind="stable")[:count]
    return [
        Neighbour(kept.names[rows[k]], label_of(kept, int(rows[k])), round(float(similarity[k]), 6))
        for k in order.tolist()
    ]


def nearest_rows(
    features: NDArray[np.floating],
    others: NDArray[np.floating],
    count: int,
    *,
    apart_from: NDArray[np.integer] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The rows of many features that point most nearly the same way as each of some.

    Memory is bounded: nothing is copied of the many, and similarities are made in blocks.

    Args:
        features: Of some pictures, float32 (N, D).
        others: Of many, float32 (M, D).
        count: How many are wanted of each; K is this or M, if that is less.
        apart_from: A row that does not count for each, (N,), e.g. the picture itself; -1 for none.

    Returns:
        The rows, the nearest first and of equals the first, int64 (N, K); and the cosines of the
        angles between the features, float32 (N, K), −1 to 1.
    """
    some, many = features.astype(np.float32), others.astype(np.float32, copy=False)
    own = np.maximum(np.linalg.norm(some, axis=1, keepdims=True), 1e-30)
    lengths = np.maximum(np.linalg.norm(many, axis=1), 1e-30)
    spare = 0 if apart_from is None else 1
    most = min(count, max(0, len(many) - spare))
    rows = np.zeros((len(some), most), np.int64)
    found = np.zeros((len(some), most), np.float32)
    size = max(1, _VALUES // max(1, len(many)))
    for first in range(0, len(some) if most else 0, size):
        block = some[first : first + size] / own[first : first + size] @ many.T / lengths
        if apart_from is not None:
            itself = apart_from[first : first + size]
            here = np.flatnonzero(itself >= 0)
            block[here, itself[here]] = -np.inf
        order = np.argsort(-block, axis=1, kind="stable")[:, :most]
        rows[first : first + size] = order
        found[first : first + size] = np.take_along_axis(block, order, axis=1)
    return rows, found


def label_of(kept: FeatureSet, row: int) -> str:
    """What a picture shows, as a text: its class, its labels or its numbers."""
    names, wanted = kept.task.names, kept.targets[row]
    if kept.task.of_one_class:
        return names[int(wanted)]
    if kept.task.kind == "multi-label":
        return "; ".join(name for name, given in zip(names, wanted, strict=True) if given)
    return "; ".join(f"{number:.6g}" for number in wanted)
