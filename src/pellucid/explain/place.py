"""What may be at a place of a picture, and what became of it: why there is a box, or none.

Boxes are found in steps, and most of what might be one is lost in the first. Here, of each class,
the most probable candidate whose box covers the place is followed to the step that it is lost in:
the threshold, a more probable neighbour, an overlap with a box of its class, a limit. Where regions
are proposed first, so are the anchors whose boxes cover the place.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid import checks
from pellucid.errors import ArgumentError
from pellucid.explain.held import stages
from pellucid.explain.records import number, record
from pellucid.ops import Propose
from pellucid.ops.finding import FOUND
from pellucid.record import Record
from pellucid.short_repr import short_repr
from pellucid.tasks import Detection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.explain.activations import Activations
    from pellucid.ops.finding import Fates
    from pellucid.tasks.found_box import Candidate

MOST_ANCHORS = 3
"""How many of the anchors whose boxes cover a place are followed: the most probable."""


@dataclass(frozen=True)
class Anchor:
    """An anchor whose box covers a place, and what became of it.

    Attributes:
        layer: The map that it is of.
        cell: Its row and column there.
        number: Which of the cell's anchors it is.
        scale: The side of the square of its area, in pixels.
        ratio: Its height to its width.
        box: What it became, in pixels of what the network takes.
        probability: That it is a thing.
        step: Where it ended: as of a candidate, :data:`pellucid.ops.finding.FOUND`.
        region: The region that it is, or that it overlaps too much; none of others.
    """

    layer: str
    cell: tuple[int, int]
    number: int
    scale: float
    ratio: float
    box: tuple[float, float, float, float]
    probability: float
    step: str
    region: int | None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "layer": self.layer,
            "cell": list(self.cell),
            "anchor": self.number,
            "scale": self.scale,
            "ratio": self.ratio,
            "box": list(self.box),
            "probability": number(self.probability),
            "step": self.step,
            "region": self.region,
        }


@short_repr
@dataclass(frozen=True, eq=False)
class Place(Record):
    """What may be at a place of a picture.

    Attributes:
        activations: The picture in its network, a detector's.
        asked: x and y in pixels of the picture, as it was given.
    """

    record_kind: ClassVar[str] = "place"
    endings: ClassVar[tuple[str, ...]] = (".html", ".json", ".png")
    activations: Activations
    asked: tuple[float, float]

    @cached_property
    def at(self) -> tuple[float, float]:
        """The place, x and y, in pixels of what the network takes."""
        placed = self.activations.placement
        if placed is None:
            return self.asked
        (by_x, by_y), (left, top) = placed.scale, placed.offset
        return self.asked[0] * by_x + left, self.asked[1] * by_y + top

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """Of each class the most probable box that covers the place, the most probable first."""
        task = self.activations.model.task
        assert isinstance(task, Detection)
        outputs = np.asarray(self.activations.values[self.activations.logits], np.float64)
        return tuple(task.candidates_at(outputs, *self.at))

    @cached_property
    def anchors(self) -> tuple[Anchor, ...]:
        """The most probable anchors whose boxes cover the place; none of a single stage."""
        if not self.activations.model.task.of_regions:
            return ()
        fates = _fates(self.activations)
        low, high = fates.boxes[:, :2], fates.boxes[:, 2:]
        covers = ((low <= self.at) & (high >= self.at)).all(axis=1)
        places = np.flatnonzero(covers)[:MOST_ANCHORS].tolist()
        return tuple(_anchor(self.activations, fates, i) for i in places)

    def number_of(self, logit: tuple[int, ...]) -> int | None:
        """The number of the box with a logit among :attr:`Activations.boxes`, from 0."""
        places = [each.logit for each in self.activations.boxes]
        return places.index(logit) if logit in places else None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values, versioned; see ``docs/records.md``."""
        return record(
            "place",
            classes=list(self.activations.classes),
            engine=self.activations.engine,
            asked=list(self.asked),
            at=list(self.at),
            anchors=[each.to_dict() for each in self.anchors],
            candidates=[
                {
                    **each.found.to_dict(),
                    "step": each.step,
                    "box_number": self.number_of(each.found.logit),
                    "other": None if each.other is None else self.number_of(each.other),
                }
                for each in self.candidates
            ],
        )


def anchors_of(activations: Activations, regions: Sequence[int]) -> list[Anchor]:
    """The anchors that became regions.

    Args:
        activations: The picture in its network.
        regions: The rows of the regions among those that were proposed.

    Raises:
        ArgumentError: If the network proposes no regions.
    """
    fates = _fates(activations)
    found = np.flatnonzero(fates.steps == FOUND)
    place_of = dict(zip(fates.rows[found].tolist(), found.tolist(), strict=True))
    return [_anchor(activations, fates, place_of[region]) for region in regions]


def _fates(activations: Activations) -> Fates:
    """What became of every anchor of a picture."""
    propose, _ = stages(activations.model.network.graph)
    assert isinstance(propose.operation, Propose)
    return propose.operation.fates(activations.values[propose.inputs[0]])


def _anchor(activations: Activations, fates: Fates, i: int) -> Anchor:
    propose, _ = stages(activations.model.network.graph)
    (layer,), settings = propose.inputs, propose.operation
    assert isinstance(settings, Propose)
    width = activations.values[layer].shape[1]
    row, column, own = settings.place_of(int(fates.places[0][i]), width)
    scale, ratio = divmod(own, len(settings.ratios))
    x0, y0, x1, y1 = fates.boxes[i].tolist()
    region = int(fates.rows[i])
    return Anchor(
        layer,
        (row, column),
        own,
        settings.scales[scale],
        settings.ratios[ratio],
        (x0, y0, x1, y1),
        float(fates.probabilities[i]),
        str(fates.steps[i]),
        region if region >= 0 else None,
    )


def place_in(activations: Activations, place: tuple[float, float]) -> Place:
    """What may be at a place of a picture.

    Args:
        activations: The picture in its network.
        place: x and y in pixels of the picture as it was given: from the left, and from the top.

    Raises:
        ArgumentError: If the place lies outside the picture, or the model finds no boxes.
    """
    task = activations.model.task
    if not isinstance(task, Detection):
        raise ArgumentError(
            f"a place is asked of a detector, and the model is for {task.title}; leave it out"
        )
    placed = activations.placement
    height, width, _ = activations.pixels.shape
    if placed is not None:
        width, height = placed.width, placed.height
    given: Any = place  # which may be anything
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise ArgumentError(f"a place is x and y in pixels, got {given!r:.80}")
    for name, value, most in zip(("x", "y"), given, (width, height), strict=True):
        checks.number(f"{name} of the place", value, 0.0, float(most))
    return Place(activations, (float(given[0]), float(given[1])))
