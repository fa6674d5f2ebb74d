"""Whether an estimator can learn from some data, and what else could."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.errors import DataError
from pellucid.tasks import (
    Captioning,
    Detection,
    Generation,
    MultiLabel,
    RegionDetection,
    Regression,
    SingleLabel,
    Transcription,
)

if TYPE_CHECKING:
    from pellucid.data.dataset import Dataset

OTHERS = {
    SingleLabel.kind: "an ImageClassifier",
    MultiLabel.kind: "an ImageClassifier",
    Regression.kind: "an ImageRegressor",
    Detection.kind: "an ObjectDetector",
    RegionDetection.kind: "an ObjectDetector",
    Generation.kind: "an ImageGenerator",
    Transcription.kind: "a SpeechRecognizer",
    Captioning.kind: "an ImageCaptioner",
}
"""What learns which task."""


def ask_for(task: str) -> str:
    """How labels are read for another task than they seem to be for."""
    return f"to read the labels otherwise: data.load(…, task={task!r})"


def check_learnable_data(
    data: Dataset, tasks: tuple[str, ...], *, allow_one_class: bool = False
) -> None:
    """Check that something can be learned from data by an estimator of some tasks.

    Raises:
        DataError: If they are for another task, or have one class only.
    """
    if data.kind not in tasks:
        others = OTHERS[data.kind]
        raise DataError(
            f"{data.name}: data for {data.targets.title} ({'; '.join(data.targets.lines())}), "
            f"which {others} learns; {ask_for(tasks[0])}"
        )
    if len(data.classes) < 2 and data.kind == SingleLabel.kind and not allow_one_class:
        raise DataError(
            f"{data.name}: a classifier needs at least 2 classes, got 1 class, "
            f"{data.classes[0]!r}; add pictures of another"
        )
