"""What networks are trained for: one class, several labels, numbers, boxes, texts, pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.settings import from_dict
from pellucid.tasks.detection import Detection
from pellucid.tasks.generation import Generation
from pellucid.tasks.multi_label import MultiLabel
from pellucid.tasks.regression import Regression
from pellucid.tasks.single_label import SingleLabel
from pellucid.tasks.task import Judge, Judged, Task, check_one_class, check_row
from pellucid.tasks.transcription import Transcription

if TYPE_CHECKING:
    from pellucid.data.targets import Targets

__all__ = [
    "TASKS",
    "Detection",
    "Generation",
    "Judge",
    "Judged",
    "MultiLabel",
    "Regression",
    "SingleLabel",
    "Task",
    "Transcription",
    "check_one_class",
    "check_row",
    "task_from_dict",
    "task_of",
]

TASKS: dict[str, type[Task]] = {
    task.kind: task
    for task in (SingleLabel, MultiLabel, Regression, Detection, Transcription, Generation)
}
"""Every task by its kind: the fixed table that model files are read with."""


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
