"""Which pictures of some data judge a model: as far as is known, none that it learned from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pellucid.data.decisions.marks import decided
from pellucid.data.groups import GroupError
from pellucid.data.note import Note
from pellucid.data.pillow import MAX_PIXELS
from pellucid.data.preprocessing import check_max_pixels
from pellucid.data.quarantine import quarantine_note
from pellucid.data.read_part import MissingPartError, read_for
from pellucid.data.reading import Reading
from pellucid.errors import ArgumentError, DataError
from pellucid.files.provenance import (
    TRANSFER,
    safe_max_pixels,
    source_classes,
    trained_fold,
    trained_group,
    trained_max_pixels,
    unseen,
)
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from pellucid.data.dataset import Dataset
    from pellucid.data.read_part import DataSource
    from pellucid.files import Model

PARTS = {"test": "test", "val": "validation"}
"""How the parts to judge by are called by people, and by the data."""

_CAUTION = "the model's weights were chosen by them, which flatters it a little"


def held_out(
    data: DataSource,
    model: Model,
    *,
    part: str | None = None,
    max_pixels: int | None = None,
    integers_count: bool = False,
    reading: Reading | None = None,
) -> tuple[Dataset, list[str]]:
    """The pictures to judge a model by, and remarks on what they are.

    Of data that are not divided, what was set aside when the model learned from them; all of them
    if it did not. Of divided data the part that is asked for. Where none is, the test part, or else
    the validation part, or else what was drawn from the training part to validate by.

    Args:
        data: As :func:`pellucid.data.load` takes it.
        model: The model, whose preprocessing and classes are used.
        part: ``"test"`` or ``"val"``; none for the test, or else the validation.
        max_pixels: Picture files with more pixels are left out; none: as in the model's training.
        integers_count: Whether labels that are integers count the model's classes, from 0, where
            these have names and are not known to be called otherwise.
        reading: How the data are read, apart from the limit of pixels; none: by default.

    Returns:
        The pictures, and one line for the user on each thing worth knowing.

    Raises:
        MissingPartError: If there is no such part.
        DataError: If the data cannot be used, or do not suit the model.
        ArgumentError: If there is no part of such a name.
    """
    pictures, described = _held_out(
        data, model,
        part=part, max_pixels=max_pixels, integers_count=integers_count, reading=reading,
    )  # fmt: skip
    if pictures.marks is not None:
        described.extend(pictures.marks.matched.notes)
    elif "decisions" in model.provenance:
        described.append(
            Note(
                "the model learned with decisions about its pictures, and is judged by labels as "
                "they were before; to judge by those that were decided on: --decisions",
                "undecided",
            )
        )
    return decided(pictures), described


def _held_out(
    data: DataSource,
    model: Model,
    *,
    part: str | None,
    max_pixels: int | None,
    integers_count: bool,
    reading: Reading | None,
) -> tuple[Dataset, list[str]]:
    if part is not None and part not in PARTS:
        raise ArgumentError(f"part is {part!r}; expected one of {', '.join(PARTS)}")
    if max_pixels is not None:
        check_max_pixels(max_pixels)
    trained = trained_max_pixels(model.provenance)
    limit = max_pixels or safe_max_pixels(model.provenance)
    described: list[str] = []
    source = source_classes(model)
    terms = source
    if source is None and integers_count:
        terms = tuple(str(place) for place in range(len(model.classes)))

    def read(split: str) -> Dataset:
        pictures = read_as_learned(
            data, model, replace(reading or Reading(), max_pixels=limit),
            source_classes=terms, split=split,
        )  # fmt: skip
        described.extend(quarantine_note(pictures.quarantined))
        described.extend(pictures.remarks)
        if max_pixels is None and trained > MAX_PIXELS:
            line = f"the model learned from larger pictures, too: --max-pixels {trained}"
            described.append(Note(line, "larger", pixels=trained))
        if not model.task.of_one_class:
            return pictures
        return pictures.with_classes(label_kind=model.label_kind, source_classes=source)

    wanted = PARTS[part or "test"]
    try:
        pictures = read(wanted)
    except MissingPartError as missing:
        if "validation" in missing.parts and part is None:
            pictures = read("validation")
            line = (
                f"there is no test part: judged by the validation part, "
                f"{counted(len(pictures), 'picture')}; {_CAUTION}"
            )
            described.append(Note(line, "no-test", count=len(pictures)))
            return pictures, described
        if "train" not in missing.parts or part == "test":
            raise
        return _drawn(read("train"), model, described, missing)
    return _not_learned(pictures, model, described, part)


def learned_pictures(
    data: DataSource,
    model: Model,
    reading: Reading | None = None,
    *,
    max_pixels: int | None = None,
) -> Dataset:
    """The pictures that a model learned from, as far as is known.

    Of data that are not divided, or whose training part was, without what was set aside; else all
    of the training part.

    Args:
        data: As :func:`pellucid.data.load` takes it.
        model: The model.
        reading: How the data are read, apart from the limit of pixels; none: by default.
        max_pixels: Picture files with more pixels are left out; none: as in the model's training.

    Raises:
        MissingPartError: If there is no training part.
        DataError: If the data cannot be used, or do not suit the model.
    """
    limit = max_pixels or safe_max_pixels(model.provenance)
    everything = read_as_learned(
        data, model, replace(reading or Reading(), max_pixels=limit),
        source_classes=source_classes(model), split="train",
    )  # fmt: skip
    for undivided in (True, False):
        own = unseen(model.provenance, everything, part="train", undivided=undivided)
        if own is not None:
            return decided(own)
    return decided(everything)


def read_as_learned(
    data: DataSource,
    model: Model,
    reading: Reading,
    *,
    source_classes: tuple[str, ...] | None,
    split: str,
) -> Dataset:
    """A part of data as a model takes it, in the groups that its own data were divided by.

    What is decided about the pictures is marked, and not done yet.

    Args:
        data: As :func:`pellucid.data.load` takes it.
        model: The model.
        reading: How the data are read; where they have no such groups, they are read without.
        source_classes: What the model's training data called its classes, if they were renamed.
        split: As :func:`pellucid.data.load_for` takes it.

    Raises:
        PellucidError: As :func:`pellucid.data.load_for`.
    """

    def read(group: str | None) -> Dataset:
        return read_for(
            data,
            replace(reading, group=group, test_fold=None if group is None else fold),
            preprocessing=model.preprocessing,
            classes=model.classes,
            source_classes=source_classes,
            known=model.task.known(),
            split=split,
            resized=TRANSFER in model.provenance,
            undecided=True,
        )

    group, fold = trained_group(model.provenance), trained_fold(model.provenance)
    if group is not None:
        try:
            return read(group)
        except GroupError:  # these are other data
            pass
    return read(None)


def _drawn(
    train: Dataset, model: Model, described: list[str], missing: MissingPartError
) -> tuple[Dataset, list[str]]:
    """What was drawn from the training part to validate by."""
    pictures = unseen(model.provenance, train, part="validation", undivided=False)
    if pictures is None:
        raise missing
    why = "" if "test" in missing.parts else "there is no test part: "
    line = (
        f"{why}judged by what training set aside of the training part to validate by, "
        f"{len(pictures)} of {counted(len(train), 'picture')}; {_CAUTION}"
    )
    values = {"count": len(pictures), "of": len(train), "no_test": bool(why)}
    described.append(Note(line, "validated-by", **values))
    return pictures, described


def _not_learned(
    everything: Dataset, model: Model, described: list[str], part: str | None
) -> tuple[Dataset, list[str]]:
    """What was set aside of pictures that the model learned from; all, if it did not."""
    name = printable(everything.name)
    wanted = PARTS[part or "test"]
    pictures = unseen(model.provenance, everything, part=wanted)
    if pictures is not None:
        what = "the test" if wanted == "test" else "validation"
        caution = "" if wanted == "test" else f"; {_CAUTION}"
        line = (
            f"the model learned from {name}: judged by what was set aside for {what}, "
            f"{len(pictures)} of {counted(len(everything), 'picture')}{caution}"
        )
        values = {"name": name, "part": wanted, "count": len(pictures), "of": len(everything)}
        described.append(Note(line, "set-aside", **values))
        return pictures, described
    if part == "val" and everything.name != wanted:  # a part that divided data bring is so called
        raise DataError(
            f"{name}: is not divided, and the model set nothing of it aside to validate by; leave "
            "--part out to judge by all of it"
        )
    return everything, described
