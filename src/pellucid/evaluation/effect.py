"""What a change of a network does to its answers: for one picture, and for many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.names import shown
from pellucid.evaluation.comparison import Comparison, compare
from pellucid.ops.softmax import softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.engines import Program

_BATCH = 256


@dataclass(frozen=True, eq=False)
class PictureEffect:
    """What a change does to the answer for one picture.

    Attributes:
        classes: The K class names.
        before: The logits of the network as it was, float64 (K,).
        after: Those of the changed one.
    """

    classes: tuple[str, ...]
    before: NDArray[np.float64]
    after: NDArray[np.float64]

    @property
    def probabilities(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Before and after, (K,) each."""
        return softmax(self.before), softmax(self.after)

    @property
    def guesses(self) -> tuple[str, str]:
        """The likeliest class before and after."""
        return self.classes[int(self.before.argmax())], self.classes[int(self.after.argmax())]

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        first, second = self.probabilities
        return {
            "guesses": list(self.guesses),
            "classes": [
                {
                    "class": name,
                    "logits": [float(self.before[k]), float(self.after[k])],
                    "probabilities": [float(first[k]), float(second[k])],
                }
                for k, name in enumerate(self.classes)
            ],
        }


@dataclass(frozen=True, eq=False)
class DataEffect:
    """What a change does to the answers for many pictures.

    Attributes:
        pictures: The pictures.
        numbers: The network as it was (``first``) and the changed one (``second``), judged.
    """

    pictures: Dataset
    numbers: Comparison

    def flips(self) -> list[dict[str, Any]]:
        """The pictures that get another answer: name, true class, answers before and after."""
        classes, numbers = self.pictures.classes, self.numbers
        return [
            {
                "picture": self.pictures.picture_name(i),
                "true": classes[numbers.labels[i]],
                "before": classes[numbers.first.predicted[i]],
                "after": classes[numbers.second.predicted[i]],
            }
            for i in numbers.disagree.tolist()
        ]

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {**self.numbers.to_dict(), "flips": self.flips()}


def picture_effect(
    before: Program, after: Program, image: NDArray[np.uint8], classes: tuple[str, ...]
) -> PictureEffect:
    """Answer one image, (H, W, C) as both networks take it, with both."""
    first, second = (each.forward(image[None])[0].astype(np.float64) for each in (before, after))
    return PictureEffect(classes, first, second)


def data_effect(before: Program, after: Program, pictures: Dataset) -> DataEffect:
    """Answer all pictures with both networks.

    Raises:
        ShapeError: If an answer is not finite.
    """
    answers = (
        np.concatenate(
            [
                program.forward(pictures.images[start : start + _BATCH]).astype(np.float64)
                for start in range(0, len(pictures), _BATCH)
            ]
        )
        for program in (before, after)
    )
    first, second = answers
    return DataEffect(pictures, compare(first, second, pictures.labels, logits=True))


def told(flip: dict[str, Any]) -> str:
    """A flip in a line."""
    return (
        f"{shown(flip['picture'])} is {shown(flip['true'])}: {shown(flip['before'])} → "
        f"{shown(flip['after'])}"
    )
