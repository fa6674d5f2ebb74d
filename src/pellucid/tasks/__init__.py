"""What networks are trained for: classes, labels, numbers, boxes, texts, captions, pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.settings import from_dict
from pellucid.tasks.captioning import Captioning
from pellucid.tasks.detection import Detection
from pellucid.tasks.generation import Generation
from pellucid.tasks.multi_label import MultiLabel
from pellucid.tasks.region_detection import RegionDetection
from pellucid.tasks.regression import Regression
from pellucid.tasks.single_label import SingleLabel
from pellucid.tasks.task import Judge, Judged, Task, check_one_class, check_row
from pellucid.tasks.transcription import Transcription

if TYPE_CHECKING:
    from pellucid.data.targets import Targets

__all__ = [
    "DETECTORS",
    "TASKS",
    "Captioning",
    "Detection",
    "Generation",
    "Judge",
    "Judged",
    "MultiLabel",
    "RegionDetection",
    "Regression",
    "SingleLabel",
    "Task",
    "Transcription",
    "check_one_class",
    "check_row",
    "detector_name",
    "task_from_dict",
    "task_of",
]

TASKS: dict[str, type[Task]] = {
    task.kind: task
    for task in (
        SingleLabel,
        MultiLabel,
        Regression,
        Detection,
        RegionDetection,
        Transcription,
        Captioning,
        Generation,
    )
}
"""Every task by its kind: the fixed table that model files are read with."""

DETECTORS: dict[str, type[Detection]] = {"centre": Detection, "faster-rcnn": RegionDetection}
"""The ways to find boxes, as users name them; the first where nothing is chosen."""


def detector_name(task: Task) -> str | None:
    """What users call the detector of a task; none of other tasks."""
    return next((name for name, kind in DETECTORS.items() if type(task) is kind), None)


def task_of(targets: Targets) -> Task:
    """The task of learning from some targets.

    Raises:
        DataError: If nothing can be learned from them.
    """
    return TASKS[targets.kind].of(targets)


def task_from_dict(values: object) -> Task:
    """The task that :func:`pellucid.settings.to_dict` described.

    Raises:
        PellucidError: For an unknown kind, an unknown or missing field, or a value out of range.
    """
    return from_dict(values, TASKS, "task")
