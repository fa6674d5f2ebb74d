"""Judging a network by what it was trained for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.evaluation.captions import CaptionReport
from pellucid.evaluation.detection import DetectionReport, evaluate_boxes
from pellucid.evaluation.evaluate import evaluate
from pellucid.evaluation.generation import GenerationReport
from pellucid.evaluation.multi_label import MultiLabelReport, evaluate_labels
from pellucid.evaluation.regression import RegressionReport, evaluate_numbers
from pellucid.evaluation.report import Report
from pellucid.evaluation.transcription import TranscriptReport, evaluate_transcripts
from pellucid.tasks import Detection, MultiLabel, Regression, Transcription, check_one_class

if TYPE_CHECKING:
    from pellucid.data.dataset import Dataset
    from pellucid.engines import Program
    from pellucid.tasks import Task

    AnyReport = (
        Report
        | MultiLabelReport
        | RegressionReport
        | DetectionReport
        | TranscriptReport
        | CaptionReport
    )
    """Of networks that look at pictures."""

REPORTS = (
    Report, MultiLabelReport, RegressionReport, DetectionReport, TranscriptReport, CaptionReport,
    GenerationReport,
)  # fmt: skip
"""What a judgement can be."""


def evaluate_task(program: Program, dataset: Dataset, task: Task) -> AnyReport:
    """Judge a network on pictures with what is wanted of them.

    Args:
        program: The network, loaded by an engine.
        dataset: The pictures.
        task: What the network was trained for.

    Raises:
        DataError: The data are not the network's, or it answers with NaN or infinity.
    """
    if isinstance(task, MultiLabel):
        return evaluate_labels(program, dataset, task)
    if isinstance(task, Regression):
        return evaluate_numbers(program, dataset, task)
    if isinstance(task, Detection):
        return evaluate_boxes(program, dataset, task)
    if isinstance(task, Transcription):
        return evaluate_transcripts(program, dataset, task)
    check_one_class(task, "a report of classes")
    return evaluate(program, dataset, classes=task.names)
