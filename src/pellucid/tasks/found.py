"""What a detector found in a picture, in the picture's own pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.box_geometry import areas
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.placement import PicturePlacement
    from pellucid.tasks.detection import Detection


@short_repr
@dataclass(frozen=True, eq=False)
class Found:
    """What a detector found in a picture, the most probable first.

    Attributes:
        boxes: x0, y0, x1, y1 in pixels of the picture as it was given, float (n, 4).
        classes: The name of each one's class, n.
        probabilities: Of each, 0 to 1, float (n,).
    """

    boxes: NDArray[np.float64]
    classes: tuple[str, ...]
    probabilities: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.boxes)

    @classmethod
    def of(
        cls,
        rows: NDArray[np.float64],
        task: Detection,
        placement: PicturePlacement | None,
        least: float,
    ) -> Found:
        """What :meth:`pellucid.tasks.Detection.answer` found within a picture, as people read it.

        Args:
            rows: Of one picture, (most, 6).
            task: What the detector was trained for.
            placement: Where the picture lies in the network's; None where it is that itself.
            least: The least probability, 0 to 1.
        """
        kept = rows[(rows[:, 5] >= 0) & (rows[:, 4] >= least)]
        boxes = kept[:, :4] if placement is None else placement.to_original(kept[:, :4])
        inside = areas(boxes) > 0  # others lie in the borders that the picture was put between
        kept, boxes = kept[inside], boxes[inside]
        names = tuple(task.classes[int(place)] for place in kept[:, 5])
        return cls(np.asarray(boxes, np.float64), names, kept[:, 4])

    def to_list(self) -> list[dict[str, Any]]:
        """The boxes as JSON values: ``class``, ``probability``, ``box`` (x0, y0, x1, y1)."""
        return [
            {"class": name, "probability": probability, "box": box}
            for name, probability, box in zip(
                self.classes, self.probabilities.tolist(), self.boxes.tolist(), strict=True
            )
        ]
