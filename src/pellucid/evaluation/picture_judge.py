"""A trained classifier that judges generated pictures: its classes, its features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.fitted import fitted
from pellucid.engines.batches import images_at_once, parts
from pellucid.errors import ArgumentError, DataError
from pellucid.ops.softmax import probabilities
from pellucid.text import printable
from pellucid.transfer.body import find_cut

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.engines import Program
    from pellucid.files import Model


@dataclass(frozen=True, eq=False)
class Seen:
    """What a judge makes of N pictures.

    Attributes:
        counts: How many it takes for each of its K classes, (K,).
        confidence: Its probability of the class it chose, on average, 0 to 1.
        features: What its last dense layer reads, float32 (N, D); its logits, if it has none.
    """

    counts: NDArray[np.int64]
    confidence: float
    features: NDArray[np.float32]


class PictureJudge:
    """Looks at pictures of any size as the classifier takes them.

    Args:
        model: The classifier.
        program: Its network, loaded by an engine.
        name: What it is called in messages.

    Raises:
        ArgumentError: If the model does not answer with one class a picture, or takes recordings.
    """

    def __init__(self, model: Model, program: Program, name: str) -> None:
        if not model.task.of_one_class:
            raise ArgumentError(
                f"{printable(name)}: a model for {model.task.title}; a judge of generated pictures "
                "answers with one class: give a model that pellucid train made of such data"
            )
        if model.preprocessing.sound is not None:
            raise ArgumentError(
                f"{printable(name)}: a model that hears recordings; a judge of generated pictures "
                "looks at pictures: give a classifier that learned from such pictures"
            )
        self.name, self.classes = name, model.classes
        self._model, self._program = model, program
        graph = model.network.graph
        try:
            self._cut, _ = find_cut(graph, name)
        except ArgumentError:  # no dense layer at the end
            self._cut = graph.output

    def look(self, pictures: Dataset) -> Seen:
        """What it makes of pictures.

        Args:
            pictures: Of any size, at least one.

        Raises:
            DataError: If it answers with NaN or infinity.
        """
        graph = self._model.network.graph
        wanted = graph.select(*dict.fromkeys((self._cut, graph.output)))
        images = fitted(pictures, self._model.preprocessing).images
        counts = np.zeros(len(self.classes), np.int64)
        total, features = 0.0, []
        for batch in parts(len(images), images_at_once(self._program.forward_bytes)):
            found = self._values(wanted, images[batch])
            logits = found[graph.output].astype(np.float64)
            if not np.isfinite(logits).all():
                raise DataError(
                    f"{printable(self.name)}: answers with NaN or infinity to "
                    f"{printable(pictures.name)}; train it with a lower learning rate"
                )
            counts += np.bincount(logits.argmax(axis=1), minlength=len(counts))
            total += float(probabilities(logits).max(axis=1).sum())
            features.append(found[self._cut].reshape(len(logits), -1).astype(np.float32))
        return Seen(counts, total / len(images), np.concatenate(features))

    def _values(self, wanted: Any, images: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        (name,) = wanted.inputs
        found: dict[str, NDArray[Any]] = self._program.run(wanted, {name: images})
        return found
