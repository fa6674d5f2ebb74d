"""What a change of a network does to its answers: for one picture, and for many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.data.sources import in_classes
from pellucid.errors import ArgumentError, DataError
from pellucid.evaluation.comparison import Comparison, compare
from pellucid.evaluation.predict_logits import DIVERGED, predict_logits
from pellucid.evaluation.task_comparison import TaskComparison, compare_tasks
from pellucid.files.provenance import source_classes
from pellucid.files.referenced import read_picture
from pellucid.record import Record
from pellucid.short_repr import short_repr
from pellucid.tasks import Regression

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.data.preprocessing import Picture
    from pellucid.files.classifier import Classifier
    from pellucid.tasks import Task

SCHEMA = 1
"""Version of what ``to_dict`` gives."""

ROUNDING = 1e-6
"""Up to which a layer's change may be just that: engines join layers, and others after an edit."""

_WHY = "a change makes its numbers too large: set smaller weights"


@short_repr
@dataclass(frozen=True, eq=False)
class PictureEffect(Record):
    """What a change does to the answer for one picture.

    Attributes:
        task: What the model is for, with the K names of its outputs.
        before: The outputs of the network as it was, float64 (K,): logits, or standardised numbers.
        after: Those of the changed one.
        layers: For each layer that both networks have, with outputs of the same shape, in the
            network's order: |after − before| / |before|, the 2-norms of its output's difference and
            of its output. 0 where nothing changes; infinite where the output was 0 all over, or is
            no longer finite.
        engine: Who computed both, and in what precision.
    """

    record_kind: ClassVar[str] = "picture effect"
    task: Task
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    layers: Mapping[str, float]
    engine: str

    @property
    def classes(self) -> tuple[str, ...]:
        """The K class names or labels; of numbers, what they are called."""
        return self.task.names

    @property
    def read(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What users read before and after, (K,) each: probabilities, or numbers in their units."""
        return self._read(self.before), self._read(self.after)

    def _read(self, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(self.task.reading.forward([outputs], {})[0])

    @property
    def probabilities(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Before and after, (K,) each: of classes or labels.

        Raises:
            ArgumentError: Of numbers, which are no probabilities: see :attr:`read`.
        """
        if isinstance(self.task, Regression):
            raise ArgumentError("a model for numbers gives no probabilities; see read")
        return self.read

    @property
    def answers(self) -> tuple[Any, Any]:
        """The class, the labels or the numbers before and after, as JSON values."""
        first, second = self.read
        return self.task.described(first), self.task.described(second)

    @property
    def guesses(self) -> tuple[str, str]:
        """The likeliest class (or label) before and after."""
        return self.classes[int(self.before.argmax())], self.classes[int(self.after.argmax())]

    @property
    def changed(self) -> dict[str, float]:
        """The layers whose output changes by more than rounding, as ``layers`` has them."""
        return {name: change for name, change in self.layers.items() if change > ROUNDING}

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; a layer's change that is infinite is None."""
        (first, second), names = self.read, enumerate(self.classes)
        if isinstance(self.task, Regression):
            answers: dict[str, Any] = {
                "numbers": [
                    {
                        "number": name,
                        "standardised": [float(self.before[k]), float(self.after[k])],
                        "values": [float(first[k]), float(second[k])],
                    }
                    for k, name in names
                ]
            }
        else:
            answers = {
                "guesses": list(self.guesses),
                "classes": [
                    {
                        "class": name,
                        "logits": [float(self.before[k]), float(self.after[k])],
                        "probabilities": [float(first[k]), float(second[k])],
                    }
                    for k, name in names
                ],
            }
        return {
            "schema": SCHEMA,
            "record": self.record_kind,
            "task": self.task.kind,
            "engine": self.engine,
            "answers": list(self.answers),
            **answers,
            "layers": [
                {"layer": name, "change": change if np.isfinite(change) else None}
                for name, change in self.layers.items()
            ],
        }


@short_repr
@dataclass(frozen=True, eq=False)
class DataEffect(Record):
    """What a change does to the answers for many pictures.

    Attributes:
        pictures: The pictures.
        numbers: The network as it was (``first``) and the changed one (``second``), judged.
    """

    record_kind: ClassVar[str] = "data effect"
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
        return {
            "schema": SCHEMA,
            "record": self.record_kind,
            **self.numbers.to_dict(),
            "flips": self.flips(),
        }


def picture_effect(before: Classifier, after: Classifier, picture: Picture) -> PictureEffect:
    """Answer one picture with a classifier and with the same one, changed.

    Args:
        before: As it was.
        after: As :meth:`pellucid.ImageClassifier.edited` gives it.
        picture: A path, the bytes of a file, a Pillow image or pixels (H, W) or (H, W, C).

    Raises:
        DataError: If the picture cannot be used, or an answer is NaN or infinite.
    """
    pixels = read_picture(before.model_, picture, max_pixels=before.max_pixels)[None]
    with np.errstate(all="ignore"):  # what is not finite is reported
        one, two = (each.program_.forward(pixels)[0].astype(np.float64) for each in (before, after))
        values = before.program_.values(pixels), after.program_.values(pixels)
    for name, answer, why in (("the network", one, DIVERGED), ("the changed network", two, _WHY)):
        if not np.isfinite(answer).all():
            raise DataError(f"{name} answers with NaN or infinity; {why}")
    names = (node.name for node in before.model_.network.graph.nodes)
    layers = {
        name: _change(values[0][name], values[1][name])
        for name in names
        if name in values[1] and values[0][name].shape == values[1][name].shape
    }
    return PictureEffect(before.model_.task, one, two, layers, before.program_.made_by())


def data_effect(before: Classifier, after: Classifier, pictures: Dataset) -> DataEffect:
    """Answer all pictures with a classifier and with the same one, changed.

    Args:
        before: As it was, for one class a picture.
        after: As :meth:`pellucid.ImageClassifier.edited` gives it.
        pictures: Of the classifier's size, with classes that it knows.

    Raises:
        DataError: If a class is none of the classifier's, or an answer is NaN or infinite.
    """
    model = before.model_
    pictures = in_classes(
        pictures, pictures.name, model.preprocessing, model.classes, source_classes(model)
    )
    first = predict_logits(before, pictures, "the network")
    second = predict_logits(after, pictures, "the changed network", why=_WHY)
    return DataEffect(pictures, compare(first, second, pictures.places, logits=True))


def task_effect(before: Classifier, after: Classifier, pictures: Dataset) -> TaskComparison:
    """The same of several labels, or of numbers: the two compared picture by picture.

    Args:
        before: As it was.
        after: As it was changed.
        pictures: Of the model's size, with its labels or numbers.

    Raises:
        DataError: If an answer is NaN or infinite.
    """
    predict_logits(before, pictures, "the network")
    predict_logits(after, pictures, "the changed network", why=_WHY)
    return compare_tasks((before, after), (pictures, pictures), ("before", "after"))


def _change(before: NDArray[Any], after: NDArray[Any]) -> float:
    """|after − before| / |before|; infinite where that is no number."""
    old = before.astype(np.float64)
    with np.errstate(all="ignore"):
        difference = float(np.sqrt(((after.astype(np.float64) - old) ** 2).sum()))
        size = float(np.sqrt((old**2).sum()))
    if difference == 0.0:
        return 0.0
    return difference / size if size > 0.0 and np.isfinite(difference) else float("inf")
