"""Object detection: boxes around things, each of a class."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from pellucid import checks
from pellucid.architectures.detector import detector, first_weights, with_classes
from pellucid.data.boxes import Boxes
from pellucid.data.target_checks import checked_names
from pellucid.errors import ArgumentError, DataError
from pellucid.metrics.detection import best_score, mean_average_precision
from pellucid.metrics.matching import Detections, match
from pellucid.ops import CentreLoss
from pellucid.ops.centre_loss import MOST_LOG
from pellucid.ops.find_boxes import SIDES, FindBoxes
from pellucid.ops.finding import FOUND, OVERLAP
from pellucid.ops.operation import describe
from pellucid.ops.sigmoid import sigmoid
from pellucid.tasks.found_box import Candidate, FoundBox
from pellucid.tasks.output import Output, of_all
from pellucid.tasks.task import Judge, Judged, Task
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.data.labels import LabelKind
    from pellucid.data.targets import Targets
    from pellucid.graph import Graph, Network, Weights
    from pellucid.ops.arguments import Position
    from pellucid.ops.box_loss import BoxLoss
    from pellucid.ops.finding import Fates, Finding
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Array, Operation, Shape

FEWEST = 0.001
"""The least threshold: of less, every cell is a box."""

DISTANCES = 4
"""Outputs of a cell beside its K logits."""


@dataclass(frozen=True)
class Detection(Task):
    """Boxes of K classes, found in a map of logits and distances, (h, w, K + 4).

    The network is a one-stage detector, :mod:`pellucid.architectures.detector`; subclasses are for
    others. See :mod:`pellucid.ops.centre_loss` for what is learned, and
    :mod:`pellucid.ops.find_boxes` for how boxes are found.

    Attributes:
        classes: The K class names.
        stride: Pixels of the picture from one cell to the next.
        boxes: The most boxes of a picture that was learned, M.
        most: The most boxes that are answered, 1 to 10 000.
        least: The least probability of a box that is answered, 0.001 to 1.
        overlap: The most IoU of two boxes of one class that are answered, 0 to 1.
        shown: The least probability of a box that is shown to users; chosen by the validation
            pictures, for the best F1.

    Raises:
        DataError: If a name is empty or given twice.
        ArgumentError: If a number is out of range.
    """

    kind: ClassVar[str] = Boxes.kind
    title: ClassVar[str] = Boxes.title
    measures: ClassVar[tuple[str, ...]] = ("map50", "map", "shown")
    read_as: ClassVar[str] = "found"
    outputs: ClassVar[str] = "logits and distances"
    estimator: ClassVar[str] = "ObjectDetector"
    each_frame: ClassVar[bool] = True
    drawn: ClassVar[bool] = True
    of_map: ClassVar[bool] = True
    of_boxes: ClassVar[bool] = True
    classes: tuple[str, ...]
    stride: int = 8
    boxes: int = 100
    most: int = 100
    least: float = 0.01
    overlap: float = 0.5
    shown: float = 0.3

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", checked_names("the model", self.classes))
        CentreLoss(self.stride, self.boxes)
        FindBoxes(self.stride, self.most, self.least, self.overlap)
        checks.number("shown", self.shown, 0.0, 1.0)

    @property
    def names(self) -> tuple[str, ...]:
        return self.classes

    @property
    def data_kind(self) -> str:
        return Boxes.kind

    @classmethod
    def of(cls, targets: Targets) -> Self:
        if not isinstance(targets, Boxes):
            raise DataError(f"data for {targets.title}; expected boxes")
        counts = targets.box_counts()
        if not any(counts.values()):
            raise DataError(
                "no picture to learn from has a box, of which nothing can be learned; give "
                "pictures with boxes"
            )
        return cls(targets.classes, boxes=max(1, targets.places.shape[1]))

    @classmethod
    def of_pictures(cls, targets: Targets, shape: Shape) -> Detection:  # noqa: ARG003
        """The task of learning from some targets and pictures.

        Args:
            targets: Those of the pictures to learn from.
            shape: Of these as the network gets them, (height, width, channels).
        """
        return cls.of(targets)

    @classmethod
    def fits(cls, shape: Shape) -> bool:
        """Whether a detector that ends in values of a shape is of this kind."""
        return len(shape) == 3

    def on_body(self, body: Graph, targets: Targets) -> Graph:
        """The detector's graph on a body.

        Args:
            body: From a picture to feature maps.
            targets: Those of the pictures to learn from.

        Raises:
            ShapeError: If the body has no maps that fit.
        """
        return detector(body, len(self.classes))

    def with_own_classes(self, graph: Graph) -> Graph:
        """A graph of such a detector with the number of classes that this task has."""
        return with_classes(graph, len(self.classes))

    def first_weights(self, graph: Graph, seed: int) -> Weights:
        """First weights for the detector's graph."""
        return first_weights(graph, seed)

    def for_training(self, network: Network) -> Network:
        """The network with the graph that it is trained with, where that is another one."""
        return network

    def check_outputs(self, shape: Shape) -> None:
        if len(shape) != 3 or shape[2] != len(self.classes) + DISTANCES:
            raise ArgumentError(
                f"a detector of {counted(len(self.classes), 'class')} ends in a map of "
                f"{len(self.classes) + DISTANCES} channels, got {describe(shape)}"
            )

    def known(self) -> Boxes:
        return Boxes.like(self.classes)

    def targets(self, data: Dataset, indices: NDArray[np.integer[Any]] | slice) -> Array:
        return np.asarray(data.targets.array[indices], np.float32)

    def loss(self) -> BoxLoss:
        return CentreLoss(self.stride, self.boxes)

    def answer(self, outputs: NDArray[np.float64]) -> NDArray[Any]:
        """Boxes in the network's pixels, (N, most, 6): x0, y0, x1, y1, probability, class or −1."""
        return np.asarray(self.reading.forward([outputs], {})[0])

    @property
    def reading(self) -> Operation:
        return self._finding

    @property
    def _finding(self) -> Finding:
        return FindBoxes(self.stride, self.most, self.least, self.overlap)

    def described(self, read: NDArray[np.float64]) -> list[dict[str, Any]]:
        """Boxes of at least the probability :attr:`shown`, in the network's pixels."""
        return [
            {"class": self.classes[int(place)], "probability": score, "box": box}
            for *box, score, place in read.tolist()
            if place >= 0 and score >= self.shown
        ]

    def output_at(self, position: Position) -> Output:
        """The logit of a class in a cell, or the logarithm of a distance from its middle.

        A distance is s·e^z pixels for an output z, so that ln s + z is its logarithm: what adds to
        that, e.g. evidence, multiplies the distance.
        """
        row, column, channel = position
        cell = f"in the cell of row {row}, column {column}"
        if channel < len(self.classes):
            name = self.classes[channel]
            words = printable(name)
            return Output(name, f"logit of {words} {cell}", f"probability of {words} {cell}")
        edge = f"distance to the {SIDES[channel - len(self.classes)]} edge"
        return Output(
            edge,
            f"logarithm of the {edge} {cell}",
            f"{edge} {cell}, in pixels",
            constant=log(self.stride),
            constant_words=f"logarithm of a cell's {self.stride} pixels",
            logarithm_of="pixels",
            is_number=True,
        )

    def read_at(self, outputs: NDArray[np.float64], position: Position) -> NDArray[np.float64]:
        z = outputs[of_all(position)]
        if position[-1] < len(self.classes):
            return np.asarray(sigmoid(z))
        return np.asarray(self.stride * np.exp(np.clip(z, -MOST_LOG, MOST_LOG)))

    def boxes_of(self, outputs: NDArray[np.float64]) -> list[FoundBox]:
        rows, (*places, _) = self._finding.chosen(outputs)
        where = np.stack(places, axis=1).tolist()
        return [self._box(row, tuple(at)) for row, at in zip(rows.tolist(), where, strict=True)]

    def fates(self, outputs: NDArray[np.float64]) -> Fates:
        """What became of all that may be a box, of outputs without a batch axis."""
        return self._finding.fates(outputs)

    def candidates_at(self, outputs: NDArray[np.float64], x: float, y: float) -> list[Candidate]:
        """Of each class the most probable box that covers a place, and what became of it.

        Args:
            outputs: The network's, without a batch axis.
            x: In pixels of what the network takes, from the left.
            y: From the top.

        Returns:
            The most probable first; none of a class of which no box covers the place.
        """
        fates = self.fates(outputs)
        low, high = fates.boxes[:, :2], fates.boxes[:, 2:]
        covers = ((low <= (x, y)) & (high >= (x, y))).all(axis=1)
        classes = fates.places[-1]

        def box(i: int) -> FoundBox:
            row = (*fates.boxes[i].tolist(), float(fates.probabilities[i]), int(classes[i]))
            return self._box(row, tuple(int(axis[i]) for axis in fates.places[:-1]))

        first = [np.flatnonzero(covers & (classes == k))[:1] for k in range(len(self.classes))]
        found = np.flatnonzero(fates.steps == FOUND)
        return [
            Candidate(
                box(i),
                str(fates.steps[i]),
                box(found[fates.rows[i]]).logit if fates.steps[i] == OVERLAP else None,
            )
            for i in sorted(np.concatenate(first).tolist())
        ]

    def _box(self, row: Sequence[float], at: tuple[int, ...]) -> FoundBox:
        """A box by its row of six numbers and the place where it was found, without the class."""
        *edges, probability, place = row
        x0, y0, x1, y1 = edges
        return FoundBox(
            (x0, y0, x1, y1),
            self.classes[int(place)],
            probability,
            {name: (*at, k) for k, name in enumerate(self.classes)},
            {side: (*at, len(self.classes) + k) for k, side in enumerate(SIDES)},
            f"cell of row {at[0]}, column {at[1]}",
        )

    def with_threshold(self, threshold: float) -> Task:
        checks.number("threshold", threshold, FEWEST, 1.0)
        return replace(self, shown=threshold, least=min(self.least, threshold))

    def with_classes(self, classes: tuple[str, ...], label_kind: LabelKind | None) -> Task:
        return replace(self, classes=classes)

    def judge(self, loss: Loss | None = None) -> Judge:
        return _Judge(self, self.loss() if loss is None else loss)

    def settled(self, measures: dict[str, float]) -> Self:
        return replace(self, shown=measures.get("shown", self.shown))


def detections_of(found: NDArray[np.float64]) -> Detections:
    """Boxes that :class:`pellucid.ops.find_boxes.FindBoxes` found, as measures take them."""
    return Detections(found[..., :4], found[..., 4], found[..., 5].astype(np.int64))


class _Judge(Judge):
    """Measures average precision as COCO does, and finds from which probability on to answer."""

    def __init__(self, task: Detection, loss: Loss) -> None:
        self._task, self._loss = task, loss
        self._losses: list[NDArray[np.float64]] = []
        self._found: list[NDArray[np.float64]] = []
        self._truth: list[Array] = []

    def add(self, outputs: NDArray[np.float64], targets: Array) -> None:
        self._losses.append(self._loss.per_image(outputs, targets))
        usable = np.where(np.isfinite(outputs), outputs, -np.inf)  # training goes back by its loss
        self._found.append(self._task.answer(usable))
        self._truth.append(targets)

    def judged(self) -> Judged:
        loss = float(np.concatenate(self._losses).mean())
        matches = match(
            detections_of(np.concatenate(self._found)),
            np.concatenate(self._truth),
            len(self._task.classes),
        )
        found = (
            mean_average_precision(matches, 0.5),
            mean_average_precision(matches),
            best_score(matches),
        )
        measures = dict(zip(Detection.measures, np.nan_to_num(found).tolist(), strict=True))
        return Judged(loss, measures)
