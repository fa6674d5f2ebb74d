"""Object detection by regions: proposals first, then the class and the box of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import checks
from pellucid.architectures.faster_rcnn import faster_rcnn, for_training, scales_for
from pellucid.architectures.region_head import first_weights, with_classes
from pellucid.box_geometry import areas
from pellucid.data.boxes import Boxes
from pellucid.data.target_checks import checked_names
from pellucid.errors import ArgumentError
from pellucid.ops import RegionLoss
from pellucid.ops.find_regions import FindRegions
from pellucid.ops.operation import describe
from pellucid.ops.region_loss import width_of
from pellucid.tasks.detection import Detection

if TYPE_CHECKING:
    from pellucid.data.targets import Targets
    from pellucid.graph import Graph, Network, Weights
    from pellucid.ops.box_loss import BoxLoss
    from pellucid.ops.operation import Operation, Shape


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
        DataError: If a name is empty or given twice.
        ArgumentError: If a number is out of range.
    """

    kind: ClassVar[str] = "region-detection"
    outputs: ClassVar[str] = "regions, logits and numbers"
    of_boxes: ClassVar[bool] = False
    size: tuple[int, int] = (416, 416)

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", checked_names("the model", self.classes))
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
                f"a detector of {len(self.classes)} classes by regions ends in rows of "
                f"{width_of(len(self.classes))} numbers, got {describe(shape)}"
            )

    def loss(self) -> BoxLoss:
        return RegionLoss(self.boxes)

    @property
    def reading(self) -> Operation:
        return FindRegions(self.size, self.most, self.least, self.overlap)
