"""Answers to any number of pictures, a few at a time, so that memory is bounded.

A picture that cannot be used is an answer too: with the reason, beside those of all others.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.architectures.captioner import WORDS_GRAPH
from pellucid.data.cache.build import decoded_blocks
from pellucid.data.decode import header
from pellucid.data.decoded import PictureFile
from pellucid.engines.batches import forward
from pellucid.errors import PellucidError
from pellucid.ops.softmax import probabilities
from pellucid.short_repr import short_repr
from pellucid.tasks import Captioning, Detection, MultiLabel, Regression, Transcription
from pellucid.tasks.caption_search import write_captions
from pellucid.tasks.found import Found
from pellucid.tasks.transcript import Transcript
from pellucid.text import printable
from pellucid.training.unlike import Unlike, unlike

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.data.frames import Frame
    from pellucid.data.preprocessing import Preprocessing
    from pellucid.data.reference import DataPicture
    from pellucid.files import Model
    from pellucid.files.classifier import Classifier
    from pellucid.tasks.caption import Caption

_BLOCK = 64
"""Pictures out of data sets that are computed together."""

_THREADS = 4
"""Threads that decode, at most."""


@short_repr
@dataclass(frozen=True, eq=False)
class Prediction:
    """What a model answers for one picture.

    Attributes:
        picture: What the picture is called: its path, or ``mnist:test[449]``.
        probabilities: Of every class, (K,); None where there is no answer, or none of classes.
        problem: Why there is none, in a line; empty where there is one.
        unlike: How the picture differs from those that were learned; None if it does not.
        inverted: Whether black and white were exchanged.
        numbers: What was predicted, (M,); None where there is no answer, or none of numbers.
        true: The class that is right; None where nobody said it.
        boxes: What was found, in pixels of the picture as it is in its file; None where there is no
            answer, or none of boxes.
        transcript: What is said; None where there is no answer, or none of text.
        caption: What was written; None where there is no answer, or none in words.
    """

    picture: str
    probabilities: NDArray[np.float64] | None = None
    problem: str = ""
    unlike: Unlike | None = None
    inverted: bool = False
    numbers: NDArray[np.float64] | None = None
    true: str | None = None
    boxes: Found | None = None
    transcript: Transcript | None = None
    caption: Caption | None = None

    @property
    def answered(self) -> bool:
        """Whether there is an answer."""
        answers = self.probabilities, self.numbers, self.boxes, self.transcript, self.caption
        return any(each is not None for each in answers)

    @property
    def place(self) -> int | None:
        """The place of the most probable class; None where there is no answer."""
        return None if self.probabilities is None else int(self.probabilities.argmax())

    def rank(self, classes: Sequence[str]) -> int | None:
        """The place of the right class among all, from 1; of equals the first comes first."""
        if self.true is None or self.probabilities is None:
            return None
        order = (-self.probabilities).argsort(kind="stable")
        return 1 + int(np.flatnonzero(order == list(classes).index(self.true))[0])

    def ranked(self, classes: Sequence[str], top: int | None = None) -> list[tuple[str, float]]:
        """The classes with their probabilities, the likeliest first; of equals the first."""
        if self.probabilities is None:
            return []
        order = (-self.probabilities).argsort(kind="stable")[:top]
        return [(classes[k], float(self.probabilities[k])) for k in order]


def predictions(
    classifier: Classifier,
    pictures: Sequence[Path | DataPicture | Frame],
    *,
    max_pixels: int | None = None,
) -> Iterator[Prediction]:
    """Answer pictures in their order; those that cannot be used with the reason.

    Args:
        classifier: Who answers.
        pictures: Files, pictures of data sets, and frames.
        max_pixels: Files with more pixels cannot be used; None for the classifier's own limit.
    """
    limit = max_pixels or classifier.max_pixels
    for is_file, run in groupby(pictures, key=lambda picture: isinstance(picture, Path)):
        chosen = list(run)
        if is_file:
            files = [path for path in chosen if isinstance(path, Path)]
            yield from _of_files(classifier, files, limit)
        else:
            yield from _of_data(
                classifier, [each for each in chosen if not isinstance(each, Path)], limit
            )


def dataset_predictions(
    classifier: Classifier, pictures: Dataset, names: Sequence[str] | None = None
) -> Iterator[Prediction]:
    """Answer the pictures of a data set in its order.

    Args:
        classifier: Who answers.
        pictures: N pictures of its size.
        names: What they are called; none: their names in the data set.
    """
    called = names or [pictures.picture_name(i) for i in range(len(pictures))]
    for first in range(0, len(pictures), _BLOCK):
        part = slice(first, first + _BLOCK)
        yield from _answers(classifier, called[part], pictures.images[part])


def _of_files(
    classifier: Classifier, files: Sequence[Path], max_pixels: int
) -> Iterator[Prediction]:
    listed = [PictureFile(path, str(path), "") for path in files]
    blocks = decoded_blocks(
        listed, range(len(files)), classifier.model_.preprocessing, max_pixels,
        threads=_THREADS, stop=False,
    )  # fmt: skip
    with closing(blocks):
        for block in blocks:
            names = [str(files[i]) for i in block.positions]
            sizes = _sizes(classifier, [files[i] for i in block.positions], max_pixels)
            answered = _answers(classifier, names, block.pixels, sizes)
            answers = dict(zip(block.positions, answered, strict=True))
            for i in sorted({*block.positions, *block.bad}):
                if i in answers:
                    yield answers[i]
                else:
                    reason = f"{printable(files[i])}: {block.bad[i]}"
                    yield Prediction(str(files[i]), None, reason)


def _of_data(
    classifier: Classifier, pictures: Sequence[DataPicture | Frame], max_pixels: int
) -> Iterator[Prediction]:
    preprocessing = classifier.model_.preprocessing
    for first in range(0, len(pictures), _BLOCK):
        block = pictures[first : first + _BLOCK]
        read = [_read(each, preprocessing, max_pixels) for each in block]
        good = [(name, pixels) for name, pixels, _ in read if pixels is not None]
        answered = iter(())  # type: Iterator[Prediction]
        if good:
            stacked = np.stack([pixels for _, pixels in good])
            usable = [
                each for each, (_, pixels, _) in zip(block, read, strict=True) if pixels is not None
            ]
            sizes = _sizes(classifier, [each.picture for each in usable], max_pixels)
            answered = _answers(classifier, [name for name, _ in good], stacked, sizes)
        for name, pixels, problem in read:
            yield next(answered) if pixels is not None else Prediction(name, None, problem)


def _read(
    picture: DataPicture | Frame, preprocessing: Preprocessing, max_pixels: int
) -> tuple[str, NDArray[np.uint8] | None, str]:
    try:
        return picture.name, preprocessing.read(picture.picture, max_pixels=max_pixels), ""
    except PellucidError as error:
        return picture.name, None, str(error)


def _answers(
    classifier: Classifier,
    names: Iterable[str],
    images: NDArray[np.uint8],
    sizes: Sequence[tuple[int, int] | None] | None = None,
) -> Iterator[Prediction]:
    """The answers to images as the network takes them.

    Args:
        classifier: Who answers.
        names: What the pictures are called.
        images: (N, H, W, C).
        sizes: Width and height of each before it was fitted to the network; none: as the network
            takes them.
    """
    if not len(images):
        return
    with np.errstate(all="ignore"):  # what reads the outputs says more than NumPy's warnings
        outputs = forward(classifier.program_, images)
    yield from read_outputs(classifier, names, images, outputs, sizes)


def read_outputs(
    classifier: Classifier,
    names: Iterable[str],
    images: NDArray[np.uint8],
    outputs: NDArray[Any],
    sizes: Sequence[tuple[int, int] | None] | None = None,
) -> Iterator[Prediction]:
    """The answers in outputs that a network gave to images.

    Args:
        classifier: Who gave them.
        names: What the pictures are called.
        images: (N, H, W, C), as the network takes them, N at least 1.
        outputs: (N, …).
        sizes: Width and height of each before it was fitted to the network; none: as the network
            takes them.
    """
    with np.errstate(all="ignore"):
        usable = [bool(np.isfinite(row).all()) for row in outputs]
        if isinstance(classifier.model_.task, Captioning):
            # what one picture makes must not end the answers of all
            known = np.where(np.reshape(usable, (-1, 1, 1, 1)), outputs, np.float32(0))
            found = _captions(classifier, known)
        else:
            found = _task_answers(classifier.model_, outputs, sizes or [None] * len(images))
    differences = unlike(classifier.model_, images)
    inverted = classifier.model_.preprocessing.invert
    for name, answer, good, odd in zip(names, found, usable, differences, strict=True):
        if good:
            yield Prediction(name, unlike=odd, inverted=inverted, **answer)
        else:
            yield Prediction(
                name,
                problem=f"{printable(name)}: the network answers with NaN or infinity; its "
                "training diverged: train it with a lower learning rate",
            )


def _task_answers(
    model: Model, outputs: NDArray[Any], sizes: Sequence[tuple[int, int] | None]
) -> list[dict[str, Any]]:
    """What a task makes of outputs, picture by picture, as :class:`Prediction` has it."""
    task = model.task
    if isinstance(task, Detection):
        rows = task.answer(outputs.astype(np.float64))
        places = [None if size is None else model.preprocessing.placement(*size) for size in sizes]
        return [
            {"boxes": Found.of(row, task, place, task.shown)}
            for row, place in zip(rows, places, strict=True)
        ]
    if isinstance(task, Transcription):
        sound = model.preprocessing.sound
        assert sound is not None
        heard = outputs.astype(np.float64)
        return [{"transcript": Transcript.of(row, task, sound)} for row in heard]
    if isinstance(task, Regression):
        return [{"numbers": row} for row in task.values(outputs)]
    shares = task.probabilities(outputs) if isinstance(task, MultiLabel) else probabilities(outputs)
    return [{"probabilities": row} for row in shares]


def _captions(classifier: Classifier, places: NDArray[Any]) -> list[dict[str, Any]]:
    """What is written of pictures, as :class:`Prediction` has it."""
    model = classifier.model_
    assert isinstance(model.task, Captioning)
    graph = model.network.graphs[WORDS_GRAPH]
    found = write_captions(classifier.program_, graph, model.task, places)
    return [{"caption": each} for each in found]


def _sizes(
    classifier: Classifier, sources: Sequence[Path | NDArray[np.uint8]], max_pixels: int
) -> list[tuple[int, int] | None]:
    """Width and height of pictures, where the task asks for them."""
    if not isinstance(classifier.model_.task, Detection):
        return [None] * len(sources)
    found: list[tuple[int, int] | None] = []
    for source in sources:
        if isinstance(source, Path):
            size = header(source, max_pixels)
            found.append((size.width, size.height))
        else:
            found.append((source.shape[1], source.shape[0]))
    return found
