"""R-CNN, Fast R-CNN and Faster R-CNN of one body: what each computes of a picture and of a batch.

All three end in the same head (:mod:`pellucid.architectures.region_head`), have the same losses of
regions and draw as many regions of a picture to learn from. R-CNN runs body and head on a crop of
each region, Fast R-CNN runs the body once and the head on each region, and Faster R-CNN also
proposes the regions itself.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.architectures import fast_rcnn
from pellucid.architectures.pyramid import LAST
from pellucid.architectures.region_head import PROPOSED, REGIONS, SAMPLE, TARGETS
from pellucid.counter_random import stream_of
from pellucid.experiments.crops import CONTEXT, CROP, INSIDE, crops, in_crops
from pellucid.ops import SampleRegions
from pellucid.ops.box_loss import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pellucid.data.targets import Targets
    from pellucid.engines import Program
    from pellucid.experiments.proposed import Regions
    from pellucid.graph import Graph, Network
    from pellucid.ops.operation import Mode, Shape
    from pellucid.tasks import RegionDetection

    Pictures = NDArray[np.uint8]
    Feeds = dict[str, NDArray[Any]]

AT_ONCE = 64
"""Crops that are computed at once, where a picture is judged."""


class RegionDetector(ABC):
    """One of the three ways to look at regions.

    Attributes:
        name: In tables.
        searches: Whether regions are given to it, which selective search has found.
        source: The paper.
    """

    name: ClassVar[str]
    searches: ClassVar[bool]
    source: ClassVar[str]

    @abstractmethod
    def graph(
        self, body: Callable[[Shape], Graph], shape: Shape, task: RegionDetection, targets: Targets,
        regions: int,
    ) -> Graph:  # fmt: skip
        """The graph that answers.

        Args:
            body: From a shape to a body's graph for such pictures.
            shape: Of pictures, (height, width, channels).
            task: The classes.
            targets: Those of the pictures to learn from.
            regions: How many are given of each picture, R.
        """

    @abstractmethod
    def for_training(self, network: Network, task: RegionDetection) -> Network:
        """The network with the graph that it is trained with."""

    @abstractmethod
    def batch(
        self, graph: Graph, images: Pictures, targets: NDArray[np.float32], regions: Regions,
        mode: Mode,
    ) -> Feeds:  # fmt: skip
        """What a step is given, by the names of its graph's inputs.

        Args:
            graph: The step's.
            images: Of the batch, (N, H, W, C).
            targets: Its boxes, (N, M, 6).
            regions: What was found in its pictures, (N, R, 6); empty for a detector that proposes.
            mode: The seed and the number of the step, which decide what is drawn.
        """

    @abstractmethod
    def rows(self, program: Program, picture: Pictures, regions: Regions) -> NDArray[np.float32]:
        """Regions, logits and numbers of one picture, (R, 7 + 5K).

        Args:
            program: The network.
            picture: (H, W, C).
            regions: (R, 6).
        """

    def proposal_seconds(self, program: Program, pictures: Pictures) -> float | None:
        """How long the network takes to propose regions of a picture; none: it does not."""
        return None


class RCNN(RegionDetector):
    """The body on a crop of every region (Girshick et al. 2014)."""

    name: ClassVar[str] = "R-CNN"
    searches: ClassVar[bool] = True
    source: ClassVar[str] = (
        "Girshick et al. 2014, Rich feature hierarchies for accurate object detection"
    )

    def graph(
        self, body: Callable[[Shape], Graph], shape: Shape, task: RegionDetection,
        targets: Targets, regions: int,
    ) -> Graph:  # fmt: skip
        # the same head on a picture that is a crop, whose only region is in the middle
        return fast_rcnn.fast_rcnn(body((CROP, CROP, shape[2])), len(task.classes), 1)

    def for_training(self, network: Network, task: RegionDetection) -> Network:
        return network

    def batch(
        self, graph: Graph, images: Pictures, targets: NDArray[np.float32], regions: Regions,
        mode: Mode,
    ) -> Feeds:  # fmt: skip
        drawn, _ = SampleRegions(SAMPLE).forward([regions, targets], {}, mode)
        cut, wanted = [], []
        for picture, boxes, rows in zip(images, targets, drawn, strict=True):
            own = rows[rows[:, 5] >= 0, :4]
            moved = np.repeat(boxes[None], len(own), axis=0)
            moved[..., :4] = np.where(boxes[:, 4:5] >= 0, in_crops(boxes[:, :4], own), 0.0)
            cut.append(crops(picture, own))
            wanted.append(moved)
        pictures = np.concatenate(cut)
        middle = _middle(len(pictures))
        return {_input(graph): pictures, PROPOSED: middle, TARGETS: np.concatenate(wanted)}

    def rows(self, program: Program, picture: Pictures, regions: Regions) -> NDArray[np.float32]:
        real = regions[regions[:, 5] >= 0]
        width = program.graph.output_shape[-1]
        found = np.zeros((len(real), width), np.float32)
        for first in range(0, len(real), AT_ONCE):
            part = slice(first, first + AT_ONCE)
            cut = crops(picture, real[part, :4])
            feeds: Feeds = {_input(program.graph): cut, PROPOSED: _middle(len(cut))}
            (outputs,) = program.run(program.graph, feeds).values()
            found[part] = outputs[:, 0]
        found[:, :COLUMNS] = real
        return found


class FastRCNN(RegionDetector):
    """The body once, the head on every region (Girshick 2015)."""

    name: ClassVar[str] = "Fast R-CNN"
    searches: ClassVar[bool] = True
    source: ClassVar[str] = "Girshick 2015, Fast R-CNN"

    def graph(
        self, body: Callable[[Shape], Graph], shape: Shape, task: RegionDetection,
        targets: Targets, regions: int,
    ) -> Graph:  # fmt: skip
        return fast_rcnn.fast_rcnn(body(shape), len(task.classes), regions)

    def for_training(self, network: Network, task: RegionDetection) -> Network:
        return fast_rcnn.for_training(network, task.boxes)

    def batch(
        self, graph: Graph, images: Pictures, targets: NDArray[np.float32], regions: Regions,
        mode: Mode,
    ) -> Feeds:  # fmt: skip
        return {_input(graph): images, PROPOSED: regions, TARGETS: targets}

    def rows(self, program: Program, picture: Pictures, regions: Regions) -> NDArray[np.float32]:
        feeds: Feeds = {_input(program.graph): picture[None], PROPOSED: regions[None]}
        (outputs,) = program.run(program.graph, feeds).values()
        return np.asarray(outputs[0])


class FasterRCNN(RegionDetector):
    """The body once, which also proposes the regions (Ren et al. 2015)."""

    name: ClassVar[str] = "Faster R-CNN"
    searches: ClassVar[bool] = False
    source: ClassVar[str] = "Ren et al. 2015, Faster R-CNN"

    def graph(
        self, body: Callable[[Shape], Graph], shape: Shape, task: RegionDetection,
        targets: Targets, regions: int,
    ) -> Graph:  # fmt: skip
        return task.on_body(body(shape), targets)

    def for_training(self, network: Network, task: RegionDetection) -> Network:
        return task.for_training(network)

    def batch(
        self, graph: Graph, images: Pictures, targets: NDArray[np.float32], regions: Regions,
        mode: Mode,
    ) -> Feeds:  # fmt: skip
        return {_input(graph): images, TARGETS: targets}

    def rows(self, program: Program, picture: Pictures, regions: Regions) -> NDArray[np.float32]:
        return np.asarray(program.forward(picture[None])[0])

    def proposal_seconds(self, program: Program, pictures: Pictures) -> float | None:
        ends = (f"{LAST}-relu", PROPOSED)  # the body's map, and what is proposed of it
        seconds = []
        for end in ends:
            graph, took = program.graph.select(end), []
            for picture in pictures:
                began = time.perf_counter()
                program.run(graph, {_input(graph): picture[None]})
                took.append(time.perf_counter() - began)
            seconds.append(float(np.median(took)))
        return max(0.0, seconds[1] - seconds[0])


DETECTORS: tuple[RegionDetector, ...] = (RCNN(), FastRCNN(), FasterRCNN())
"""In the order of their papers."""

STREAM = stream_of(REGIONS)
"""The random stream that regions are drawn by, in all three."""


def _input(graph: Graph) -> str:
    """What a graph calls the pictures that it takes."""
    return next(name for name in graph.inputs if name not in (PROPOSED, TARGETS))


def _middle(count: int) -> NDArray[np.float32]:
    """The region in the middle of every crop, (count, 1, 6)."""
    row = [CONTEXT, CONTEXT, CONTEXT + INSIDE, CONTEXT + INSIDE, 1, 0]
    return np.tile(np.array(row, np.float32), (count, 1, 1))
