"""Two models judged by the same pictures, each of which reads them its own way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

from pellucid.data.dataset import Dataset
from pellucid.data.note import Note
from pellucid.data.sources import in_task
from pellucid.errors import DataError
from pellucid.evaluation.caption_comparison import CaptionComparison, compare_captioners
from pellucid.evaluation.comparison import Comparison, compare
from pellucid.evaluation.detection_comparison import DetectionComparison, compare_detectors
from pellucid.evaluation.predict_logits import predict_logits
from pellucid.evaluation.side_by_side import SideBySide
from pellucid.evaluation.task_comparison import TaskComparison, check_same_task, compare_tasks
from pellucid.evaluation.transcript_comparison import TranscriptComparison, compare_recognizers
from pellucid.evaluation.watched import WatchedClassifier
from pellucid.files.held_out import held_out, learned_pictures
from pellucid.files.provenance import source_classes
from pellucid.short_repr import short_repr
from pellucid.tasks import Captioning, check_row
from pellucid.text import counted, listed, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.data.reading import Reading
    from pellucid.files.classifier import Classifier
    from pellucid.files.model_file import Model

SCHEMA = 1
"""Version of :meth:`ModelComparison.to_dict`."""

LEARNED = Note("both learned from these pictures, so that they say little of others", "learned")
"""What a comparison by training pictures is worth."""


@short_repr
@dataclass(frozen=True, eq=False)
class ModelComparison(SideBySide):
    """Two models' answers to the same pictures, A's and B's.

    Attributes:
        names: What the two models are called.
        pictures: The pictures as A reads them, with its classes.
        numbers: The answers and all judgements; classes are numbered as A's.
        notes: What the pictures are, a line each.
    """

    record_kind: ClassVar[str] = "comparison"
    _columns: ClassVar[tuple[str, ...]] = (
        "path", "true", "guess_a", "confidence_a", "guess_b", "confidence_b", "cross_entropy_a",
        "cross_entropy_b", "squared_error_a", "squared_error_b",
    )  # fmt: skip
    _digits: ClassVar[str] = ".6f"
    names: tuple[str, str]
    pictures: Dataset
    numbers: Comparison
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The comparison as JSON values; see ``docs/compare.md``."""
        return {
            "schema": SCHEMA,
            "record": self.record_kind,
            "models": list(self.names),
            "classes": list(self.pictures.classes),
            "notes": list(self.notes),
            **self.numbers.to_dict(),
            "images": self._images(),
        }

    def _rows(self) -> list[tuple[str | float, ...]]:
        a, b, classes = self.numbers.first, self.numbers.second, self.pictures.classes
        return [
            (
                self.pictures.picture_name(i),
                classes[self.numbers.labels[i]],
                classes[a.predicted[i]],
                float(a.confidence[i]),
                classes[b.predicted[i]],
                float(b.confidence[i]),
                float(a.cross_entropies[i]),
                float(b.cross_entropies[i]),
                float(a.squared_errors[i]),
                float(b.squared_errors[i]),
            )
            for i in range(len(self.pictures))
        ]


AnyComparison: TypeAlias = (
    ModelComparison
    | TaskComparison
    | DetectionComparison
    | CaptionComparison
    | TranscriptComparison
)
"""Two models of the same task, compared."""


def compare_models(
    first: Classifier,
    second: Classifier,
    data: Any,
    *,
    part: str | None = None,
    max_pixels: int | None = None,
    names: tuple[str, str] = ("A", "B"),
    reading: Reading | None = None,
    watching: Callable[[int, int], object] | None = None,
) -> AnyComparison:
    """Judge two models by the same pictures.

    Args:
        first: A.
        second: B, with the same classes in any order.
        data: What :func:`pellucid.files.held_out.held_out` takes, once for each model: only what
            neither learned from counts; or a data set.
        part: ``"test"`` or ``"val"``; none for the test, or else the validation. ``"train"`` for
            what both learned from, which judges neither.
        max_pixels: Picture files with more pixels are left out.
        names: What the models are called.
        reading: How the data are read, apart from the limit of pixels; none: by default.
        watching: Called with how many answers there are, and of how many; may raise.

    Raises:
        DataError: If the classes differ, the data cannot be used, no picture is left to judge both
            by, or an answer is NaN or infinite.
    """
    models = first.model_, second.model_
    check_comparable(*models)
    if isinstance(data, Dataset):
        read = [
            in_task(data, data.name, m.preprocessing, m.task.known(), source_classes(m))
            for m in models
        ]
        notes: list[str] = []
    else:
        if part == "train":
            read = [learned_pictures(data, m, reading, max_pixels=max_pixels) for m in models]
            notes = [LEARNED]
        else:
            found = [
                held_out(data, m, part=part, max_pixels=max_pixels, reading=reading) for m in models
            ]
            read = [pictures for pictures, _ in found]
            notes = _described(*(lines for _, lines in found))
    if models[0].task.of_one_class:
        read = [d.with_classes(label_kind=m.label_kind) for d, m in zip(read, models, strict=True)]
    pair = _same(read[0], read[1], notes)
    if watching is not None:
        first, second = _watched((first, second), len(pair[0]), watching)
    if not models[0].task.of_one_class:
        if models[0].task.of_boxes:
            return compare_detectors((first, second), pair, names, tuple(notes))
        if models[0].task.of_steps:
            return compare_recognizers((first, second), pair, names, tuple(notes))
        if models[0].task.kind == Captioning.kind:
            return compare_captioners((first, second), pair, names, tuple(notes))
        return compare_tasks((first, second), pair, names, tuple(notes))
    a, b = pair
    order = [models[1].classes.index(name) for name in a.classes]
    one, two = predict_logits(first, a, names[0]), predict_logits(second, b, names[1])[:, order]
    return ModelComparison(names, a, compare(one, two, a.places, logits=True), tuple(notes))


def check_comparable(first: Model, second: Model) -> None:
    """Check that two models answer the same question.

    Raises:
        DataError: If they were trained for something else, or their classes differ.
        ArgumentError: If they answer no pictures.
    """
    check_same_task(first.task, second.task)
    if first.task.kind != Captioning.kind:
        check_row(first.task, "a comparison", boxes=True)
    if not first.task.of_steps:
        _check_classes(first.classes, second.classes)


def _watched(
    models: tuple[Classifier, Classifier], count: int, watching: Callable[[int, int], object]
) -> tuple[Classifier, Classifier]:
    """The same, which report how many answers both have given; A answers first."""
    first, second = models
    return (
        WatchedClassifier(first, lambda done: watching(done, 2 * count)),
        WatchedClassifier(second, lambda done: watching(count + done, 2 * count)),
    )


def _described(first: list[str], second: list[str]) -> list[str]:
    """Remarks on both readings, once where they are the same."""
    if first == second:
        return list(first)
    return [
        Note(
            f"{which}: {note}",
            getattr(note, "about", ""),
            **getattr(note, "values", {}),
            model=which,
        )
        for which, described in (("A", first), ("B", second))
        for note in described
    ]


def _same(a: Dataset, b: Dataset, notes: list[str]) -> tuple[Dataset, Dataset]:
    """The pictures that both data sets have, in the order of the first."""
    if a.names is None or b.names is None:
        if a.images.shape != b.images.shape or not np.array_equal(a.images, b.images):
            raise DataError(
                f"{printable(a.name)}: A and B set different pictures of these arrays aside, which "
                "have no names to be matched by; give pictures that neither learned from"
            )
        return a, b
    place = {name: i for i, name in enumerate(b.names)}
    common = [i for i, name in enumerate(a.names) if name in place]
    if not common:
        raise DataError(
            f"{printable(a.name)}: no picture is left to judge both models by: what one did not "
            "learn from, the other did; give other pictures, or train both with the same seed"
        )
    if len(common) < max(len(a), len(b)):
        line = (
            f"{counted(len(common), 'picture')} of A's {len(a)} and B's {len(b)} are the same, and "
            "count"
        )
        notes.append(Note(line, "common", count=len(common), a=len(a), b=len(b)))
    others = [place[a.names[i]] for i in common]
    return replace(a.subset(common), quarantined=a.quarantined), b.subset(others)


def _check_classes(a: tuple[str, ...], b: tuple[str, ...]) -> None:
    only_a, only_b = ([n for n in x if n not in y] for x, y in ((a, b), (b, a)))
    described = [
        f"only {w} has {listed(names)}" for w, names in (("A", only_a), ("B", only_b)) if names
    ]
    if described:
        raise DataError(
            f"the models' classes differ: {'; '.join(described)}; compare models of the same "
            "classes"
        )
