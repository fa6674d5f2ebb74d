"""Object detection by regions: proposals first, then the class and the box of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.architectures.faster_rcnn import (
    anchor_loss,
    faster_rcnn,
    for_training,
    scales_for,
)
from pellucid.architectures.region_head import first_weights, with_classes
from pellucid.box_geometry import areas
from pellucid.data.boxes import Boxes
from pellucid.data.target_checks import checked_names
from pellucid.errors import ArgumentError, DataError
from pellucid.ops import Propose, RegionLoss
from pellucid.ops.anchors import decoded
from pellucid.ops.box_loss import COLUMNS
from pellucid.ops.find_regions import FindRegions
from pellucid.ops.operation import describe
from pellucid.ops.region_loss import DEVIATIONS, NUMBERS, parted, width_of
from pellucid.ops.softmax import softmax
from pellucid.tasks.detection import Detection
from pellucid.tasks.found_box import BACKGROUND, FoundBox
from pellucid.tasks.output import Output
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.data.targets import Targets
    from pellucid.graph import Graph, Network, Weights
    from pellucid.ops.arguments import Position
    from pellucid.ops.box_loss import BoxLoss
    from pellucid.ops.loss import Loss
    from pellucid.ops.operation import Shape


REGION = ("left edge", "top edge", "right edge", "bottom edge", "probability of a thing", "mark")
"""The columns of a region; the mark is 0, or −1 where there is none."""


@dataclass(frozen=True)
class RegionDetection(Detection):
    """Boxes of K classes, found in rows of regions, logits and numbers, (R, 7 + 5K).

    The network is Faster R-CNN, :mod:`pellucid.architectures.faster_rcnn`. See
    :mod:`pellucid.ops.region_loss` and :mod:`pellucid.ops.anchor_loss` for what is learned, and
    :mod:`pellucid.ops.find_regions` for how boxes are found.

    Attributes:
        classes: The K class names.
        stride: Pixels of the picture from one cell to the next of the map that regions are of.
        boxes: The most boxes of a picture that was learned, M.
        most: The most boxes that are answered, 1 to 10 000.
        least: The least probability of a box that is answered, 0.001 to 1.
        overlap: The most IoU of two boxes of one class that are answered, 0 to 1.
        shown: The least probability of a box that is shown to users; chosen by the validation
            pictures, for the best F1.
        size: Height and width of the network's pictures in pixels, 1 to 65 536 each.

    Raises:
        DataError: If a name is empty, given twice, or that of the background.
        ArgumentError: If a number is out of range.
    """

    kind: ClassVar[str] = "region-detection"
    outputs: ClassVar[str] = "regions, logits and numbers"
    of_regions: ClassVar[bool] = True
    size: tuple[int, int] = (416, 416)

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", checked_names("the model", self.classes))
        if BACKGROUND in self.classes:
            raise DataError(
                f"a class is called {BACKGROUND!r}, as a detector by regions calls what lies in no "
                "box; give it another name, or take a detector of one stage"
            )
        checks.whole("stride", self.stride, 1, 256)
        RegionLoss(self.boxes)
        FindRegions(self.size, self.most, self.least, self.overlap)
        checks.number("shown", self.shown, 0.0, 1.0)

    @classmethod
    def of_pictures(cls, targets: Targets, shape: Shape) -> RegionDetection:
        height, width, _ = shape
        return replace(cls.of(targets), size=(height, width))

    @classmethod
    def fits(cls, shape: Shape) -> bool:
        return len(shape) == 2

    def on_body(self, body: Graph, targets: Targets) -> Graph:
        assert isinstance(targets, Boxes)
        counted = targets.present & ~targets.ignored
        sizes = np.sqrt(areas(targets.boxes[counted]))
        return faster_rcnn(body, len(self.classes), scales_for(sizes))

    def with_own_classes(self, graph: Graph) -> Graph:
        return with_classes(graph, len(self.classes))

    def first_weights(self, graph: Graph, seed: int) -> Weights:
        return first_weights(graph, seed)

    def for_training(self, network: Network) -> Network:
        return for_training(network, self.boxes)

    def check_outputs(self, shape: Shape) -> None:
        if len(shape) != 2 or shape[1] != width_of(len(self.classes)):
            raise ArgumentError(
                f"a detector of {counted(len(self.classes), 'class')} by regions ends in rows of "
                f"{width_of(len(self.classes))} numbers, got {describe(shape)}"
            )

    def loss(self) -> BoxLoss:
        return RegionLoss(self.boxes)

    def side_losses(self, graph: Graph) -> dict[str, tuple[Loss, float]]:
        return {
            node.inputs[0]: (anchor_loss(node.operation, self.boxes), 1.0)
            for node in graph.nodes
            if isinstance(node.operation, Propose)
        }

    @property
    def _finding(self) -> FindRegions:
        return FindRegions(self.size, self.most, self.least, self.overlap)

    def output_at(self, position: Position) -> Output:
        """A number of a region, the logit of a class or of background there, or a box's number.

        A box's middle lies d·z widths or heights of the region from the region's, for an output z
        and its deviation d (:data:`pellucid.ops.region_loss.DEVIATIONS`); its size is e^(d·z)
        times that of the region, so that d·z, which is explained, is the logarithm of how many
        times that is: what adds to it, e.g. evidence, multiplies the size.
        """
        region, column = position
        place, classes = f"in region {region}", len(self.classes)
        if column < COLUMNS:
            words = f"{REGION[column]} of region {region}"
            return Output(REGION[column], words, words, is_number=True)
        if column <= COLUMNS + classes:
            name = self._logits[column - COLUMNS]
            words = printable(name)
            return Output(name, f"logit of {words} {place}", f"probability of {words} {place}")
        k, n = divmod(column - COLUMNS - classes - 1, len(NUMBERS))
        number, of = NUMBERS[n], f"of the box of {printable(self.classes[k])} {place}"
        shift, along = n < 2, ("widths", "heights")[n % 2]
        return Output(
            number,
            f"{number} {of}, from the region's middle in its {along}"
            if shift
            else f"logarithm of the {number} {of}",
            f"{number} {of}, in pixels",
            factor=float(DEVIATIONS[n]),
            logarithm_of="" if shift else f"{along} of the region",
            is_number=True,
        )

    def read_at(self, outputs: NDArray[np.float64], position: Position) -> NDArray[np.float64]:
        region, column = position
        regions, logits, numbers = parted(outputs[:, region])
        if column < COLUMNS:
            return regions[:, column]
        if column <= COLUMNS + len(self.classes):
            return np.asarray(softmax(logits)[:, column - COLUMNS])
        k, n = divmod(column - COLUMNS - len(self.classes) - 1, len(NUMBERS))
        boxes = decoded(regions[:, :4], numbers[:, k] * DEVIATIONS)
        low, high = boxes[:, n % 2], boxes[:, n % 2 + 2]
        return (low + high) / 2 if n < 2 else high - low

    def _box(self, row: Sequence[float], at: tuple[int, ...]) -> FoundBox:
        *edges, probability, place = row
        x0, y0, x1, y1 = edges
        first = COLUMNS + len(self._logits) + len(NUMBERS) * int(place)
        return FoundBox(
            (x0, y0, x1, y1),
            self.classes[int(place)],
            probability,
            {name: (*at, COLUMNS + k) for k, name in enumerate(self._logits)},
            {name: (*at, first + n) for n, name in enumerate(NUMBERS)},
            f"region {at[0]}",
        )

    @property
    def _logits(self) -> tuple[str, ...]:
        """What the K + 1 logits of a region are of, in order."""
        return (BACKGROUND, *self.classes)
