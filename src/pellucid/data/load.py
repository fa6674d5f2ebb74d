"""Load data: a built-in set, a folder or a list of pictures, IDX files, arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pellucid.data.arrays import CLASSES, datasets_from, deep_pictures
from pellucid.data.decisions.source import decided_arrays, of_arrays, picture_source
from pellucid.data.detect_format import BUILTIN, locate
from pellucid.data.fitted import fitted
from pellucid.data.idx_folder import load_idx_folder
from pellucid.data.learnable import check_learnable
from pellucid.data.listing import is_of_pictures, scanned
from pellucid.data.make_splits import DEFAULT_SHARE, make_splits
from pellucid.data.mnist import load_mnist
from pellucid.data.npz import read_npz
from pellucid.data.pictures import check_image_size
from pellucid.data.pillow import MAX_PIXELS
from pellucid.data.read_part import classes_file, read_for
from pellucid.data.reading import Reading
from pellucid.data.recognise import checked_task, integers_note
from pellucid.data.shards.index import is_shards
from pellucid.data.shards.source import open_shards
from pellucid.data.side_cameras import side_cameras_of
from pellucid.data.sources import ArraySource, with_classes
from pellucid.data.targets import TARGETS
from pellucid.data.value_range import array_range
from pellucid.errors import ArgumentError, DataError
from pellucid.text import array_shape, printable

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from pellucid.data.cache import CacheSetting
    from pellucid.data.class_names import ClassNames
    from pellucid.data.dataset import Dataset, Splits
    from pellucid.data.decisions import Decisions
    from pellucid.data.preprocessing import Preprocessing
    from pellucid.data.quarantine import Bad
    from pellucid.data.read_part import DataSource
    from pellucid.data.sources import Source
    from pellucid.data.split import Share
    from pellucid.data.targets import Targets


__all__ = ["BUILTIN", "MNIST_VALIDATION", "load", "load_for"]

MNIST_VALIDATION = 5_000
"""Pictures that are set aside from MNIST's training set by default."""


def load(
    source: DataSource,
    *,
    image_size: tuple[int, int] | None = None,
    validation: Share | None = None,
    seed: int = 0,
    bad: Bad = "quarantine",
    max_pixels: int = MAX_PIXELS,
    max_bytes: int | None = None,
    allow_one_class: bool = False,
    cache: CacheSetting = True,
    path_column: str | None = None,
    label_column: str | None = None,
    classes: ClassNames | None = None,
    task: str | None = None,
    group: str | None = None,
    test_fold: str | None = None,
    side_cameras: float | None = None,
    side_columns: str | None = None,
    sound: object = None,
    units: str | None = None,
    decisions: Decisions | str | os.PathLike[str] | None = None,
) -> Splits:
    """Load pictures and divide them into training, validation and test set.

    Picture files are PNG, JPEG, WebP, BMP, GIF, TIFF, PPM or AVIF, recognised by their content; of
    several frames the first counts. Which files of a folder are pictures is said in
    :mod:`pellucid.data.picture_files`, how links are followed in :mod:`pellucid.data.walk`. What
    Pellucid itself wrote is never data (:mod:`pellucid.data.ours`). Recordings (WAV, FLAC, Ogg), in
    the same layouts, become pictures of what sounds when and how high
    (:mod:`pellucid.data.sound.spectrogram`). The classes are the sorted
    union of those of all parts.

    Args:
        source: One of

            - ``"mnist"``: 60 000 handwritten digits, of which 5 000 validate by default, and
              10 000 to test with, all of 28×28 grey pixels;
            - a folder of pictures with one folder per class, ``root/<class>/…``, at any depth
              below it: 80 % train, 10 % validate, 10 % test by default;
            - the same, already divided: ``root/train/<class>/…``, and ``val``, ``valid`` or
              ``validation``, and ``test``, as far as they are there. 10 % of the training pictures
              validate by default where there is no part for it; there is no test set where there is
              no part for it;
            - a CSV file with the columns ``path`` and ``label``, or other common names, and
              ``split``, ``part`` or ``is_valid`` if it is divided (see
              :func:`pellucid.data.table.scan_table`);
            - boxes around things: a folder in Pascal VOC's, COCO's or YOLO's layout, COCO's JSON or
              YOLO's ``data.yaml``, or a CSV file with columns of boxes (``docs/detection.md``);
            - recordings with what is said in them: a CSV file of ``path`` and ``text``, or a folder
              with a text beside each, ``1.wav`` and ``1.txt`` (``docs/speech.md``);
            - a folder of IDX files named as MNIST's are (``train-images-idx3-ubyte.gz`` …), which
              is taken as divided;
            - a NumPy file (``.npz``), or a mapping, of the arrays ``x`` and ``y`` and, if it is
              divided, ``x_test`` and ``y_test`` (see :func:`pellucid.data.arrays.datasets_from`).

            Pictures of more than 8 bits are scaled to 0..255 by the range of values that they have
            in all parts together (see :mod:`pellucid.data.value_range`).
        image_size: Height and width that pictures are resized to; None for the size that all
            pictures have, where they have one and it is at most 256 on a side, and else 64×64; for
            pictures with boxes that near their shape, with multiples of 32 and a longer side of at
            most 416. Arrays (MNIST, IDX, NumPy) are not resized.
        validation: Fraction (0 < f < 1) or number of pictures to validate by; 0 for none.
        seed: Decides which pictures are drawn for validation and test; equal seeds draw equal ones.
        bad: What is done about picture files that cannot be used (damaged, cut short, empty, of
            another kind, too large, vanished, not to be read): ``"quarantine"`` leaves them out,
            as if they had never been there, and lists them in the result; ``"error"`` stops at
            the first.
        max_pixels: Picture files with more pixels are bad, and are never decoded.
        max_bytes: Bytes that a compressed file of arrays (NumPy, IDX) may unpack to; None for the
            larger of 1 GiB and 20 times its own size.
        allow_one_class: Whether to take data of one class only, of which nothing can be learned.
        cache: Where the pixels of picture files are kept, so that they are decoded only once (see
            :mod:`pellucid.data.cache`): True for the user's cache folder, or what the environment
            variable ``PELLUCID_CACHE`` names (``off`` for nowhere); False for nowhere; or the path
            of a folder. The images are then mapped from there, read-only. The result is the same.
        path_column: The column of a CSV file that holds the paths; None to recognise it.
        label_column: The column of a CSV file that holds the labels; None to recognise it.
        classes: Names for classes that are integers (MNIST, IDX, NumPy), in their order: a list,
            ``"cat,dog"``, or a file with one name a line. None for what the source brings: the
            array ``classes`` of a NumPy file, ``classes.txt`` in a folder of IDX files.
        task: What the labels are for: ``"single-label"``, ``"multi-label"``, ``"regression"`` or
            ``"transcripts"``; None to recognise it (see :mod:`pellucid.data.recognise`): integers
            and texts are classes, numbers that are not whole are to be predicted, ``a;b`` are
            several labels, annotations of boxes are for detection, and what is said in recordings
            (:mod:`pellucid.data.transcript_files`) for speech to text.
        group: What keeps pictures together when parts are drawn, e.g. those of a patient: the name
            of a column of a CSV file, ``"folder"``, a template such as ``"*_{group}_*"``, a
            regular expression with one group, or ``"rows:100"``, blocks of pictures that follow
            one another; see :mod:`pellucid.data.groups`.
        test_fold: ``"2/5"``: the test part is the second, seventh … group, and others are not drawn
            for it; see :mod:`pellucid.data.test_fold`. None: it is drawn as other parts are.
        side_cameras: Learn from the columns ``left`` and ``right`` of a CSV file, too: the number
            of a left picture is that of its line plus this correction, of a right one minus it,
            see :mod:`pellucid.data.side_cameras`. They are in the training part alone, after the
            others. None: they are not read.
        side_columns: Names of these columns, ``"left,right"``; None to recognise them.
        sound: How recordings (WAV, FLAC, Ogg) become pictures: settings of
            :class:`pellucid.data.sound.Sound` as a text, ``"rate=16000,seconds=2"``, a mapping or
            a value of that class. What is not given follows from the recordings.
        units: What the texts of recordings are made of: ``"words"`` or ``"characters"``. None:
            words where they are few and occur often, see
            :func:`pellucid.data.transcripts.suitable_units`.
        decisions: What people decided about pictures, or the path of its CSV file (see
            :mod:`pellucid.data.decisions.decision`): moved pictures get their new label, others are
            left out. Parts are drawn as if nothing had been decided.

    Returns:
        The three sets, with notes on what was chosen. Grey pictures have 1 channel; where any
        picture has colour, all have 3.

    Raises:
        DataError: There is no such source, or it cannot be used; no picture can be used, or none
            of a class to train with.
        ArgumentError: A setting is outside its range.
    """
    reading = Reading(
        bad=bad, max_pixels=max_pixels, max_bytes=max_bytes, cache=cache,
        path_column=path_column, label_column=label_column, group=group, test_fold=test_fold,
        side_cameras=side_cameras_of(side_cameras, side_columns), sound=sound, units=units,
        decisions=decisions,
    )  # fmt: skip
    return read_splits(
        source, reading, image_size=image_size, validation=validation, seed=seed,
        allow_one_class=allow_one_class, classes=classes, task=task,
    )  # fmt: skip


def read_splits(
    source: DataSource,
    reading: Reading,
    *,
    image_size: tuple[int, int] | None = None,
    validation: Share | None = None,
    seed: int = 0,
    allow_one_class: bool = False,
    classes: ClassNames | None = None,
    task: str | None = None,
    like: Preprocessing | None = None,
) -> Splits:
    """Load pictures and divide them, as :func:`load` does; how they are read is one value.

    Pictures are converted and resized as ``like`` says, if it is given, those of arrays too.
    """
    origin, default = _found(
        source, reading,
        image_size=image_size, validation=validation, allow_one_class=allow_one_class,
        classes=classes, task=task, like=like,
    )  # fmt: skip
    splits = make_splits(origin, validation, default, seed)
    if not of_arrays(origin) or like is None:
        return splits
    return replace(
        splits,
        train=fitted(splits.train, like),
        validation=splits.validation and fitted(splits.validation, like),
        test=splits.test and fitted(splits.test, like),
    )


def read_parts(
    source: DataSource, reading: Reading, *, like: Preprocessing, task: str | None = None
) -> tuple[dict[str, Dataset], tuple[str, ...]]:
    """Load all pictures, in the parts that the data bring, and what the user should know of them.

    Args:
        source: As :func:`load` takes it.
        reading: How the data are read.
        like: How pictures are converted and resized.
        task: As :func:`load` takes it.

    Raises:
        DataError: As :func:`load`; but one class is enough.
    """
    origin, _ = _found(source, reading, allow_one_class=True, task=task, like=like)
    parts = {part: fitted(origin.read(part), like) for part in origin.parts}
    return parts, origin.notes


def _found(
    source: DataSource,
    reading: Reading,
    *,
    image_size: tuple[int, int] | None = None,
    validation: Share | None = None,
    allow_one_class: bool = False,
    classes: ClassNames | None = None,
    task: str | None = None,
    like: Preprocessing | None = None,
) -> tuple[Source, Share]:
    """Where the pictures come from, and how much is set aside to validate by if not asked."""
    if image_size is not None:
        check_image_size(image_size)
    task = checked_task(task)
    if isinstance(source, Mapping) or source == "mnist":
        name = "a mapping" if isinstance(source, Mapping) else source
        reading.check_no_columns(name)
        reading.check_no_groups(name)
    if source == "mnist":
        origin: Source = _array_source("mnist", load_mnist(), True, classes=classes, task=task)
    elif isinstance(source, Mapping):
        origin = _arrays("arrays", source, allow_one_class, classes, task)
    else:
        path = locate(source)
        if is_shards(path):
            if classes is not None:
                raise ArgumentError(
                    f"{printable(path)}: its classes have names, those that its shards were "
                    "written with; leave classes out"
                )
            origin = open_shards(path, reading, image_size=image_size, like=like, task=task)
            return origin, DEFAULT_SHARE
        if is_of_pictures(path):
            if classes is not None:
                raise ArgumentError(
                    f"{printable(path)}: its classes have names, those of its folders or its list; "
                    f"rename these, or leave classes out"
                )
            found = scanned(path, reading, task)
            # False is no number, and is refused further on
            if validation == 0 and validation is not False and len(found.parts) > 1:
                found = replace(
                    found,
                    parts={part: of for part, of in found.parts.items() if part != "validation"},
                )
            origin = picture_source(
                printable(path), found, image_size, reading,
                allow_one_class=allow_one_class, like=like,
            )  # fmt: skip
        elif path.is_file():
            reading.check_no_columns(path)
            reading.check_no_groups(path)
            arrays = read_npz(path, max_bytes=reading.max_bytes)
            origin = _arrays(printable(path), arrays, allow_one_class, classes, task)
        else:
            reading.check_no_groups(path)
            datasets = load_idx_folder(path, max_bytes=reading.max_bytes)
            names = classes_file(path) if classes is None else classes
            origin = _array_source(
                printable(path), datasets, allow_one_class, classes=names, task=task
            )
    default = MNIST_VALIDATION if source == "mnist" else DEFAULT_SHARE
    if isinstance(origin, ArraySource):
        if like is None:
            check_not_resized(next(iter(origin.datasets.values())), image_size, origin.name)
        if reading.decisions is not None:
            return decided_arrays(origin, reading.decisions, allow_one_class), default
    return origin, default


def load_for(
    source: DataSource,
    *,
    preprocessing: Preprocessing,
    classes: Sequence[str],
    source_classes: tuple[str, ...] | None = None,
    known: Targets | None = None,
    split: str = "test",
    bad: Bad = "quarantine",
    max_pixels: int = MAX_PIXELS,
    max_bytes: int | None = None,
    cache: CacheSetting = True,
    path_column: str | None = None,
    label_column: str | None = None,
    decisions: Decisions | str | os.PathLike[str] | None = None,
) -> Dataset:
    """Load pictures to judge a model by, as that model takes them.

    Args:
        source: As :func:`load` takes it.
        preprocessing: The model's. Picture files are read through it; arrays (MNIST, IDX, NumPy)
            must have its shape.
        classes: The model's class names, in its order.
        source_classes: What the model's training data called them, if they were renamed.
        known: The model's targets, of no picture; None for those of one of these classes a picture.
        split: ``"test"``, ``"validation"`` or ``"train"``: which part of divided data. Data that
            are not divided (e.g. ``root/<class>/…``) give *all* their pictures; MNIST and IDX files
            have no validation part.
        bad: As :func:`load` takes it; what was left out is listed in the result.
        max_pixels: As :func:`load` takes it. Judge by the same pictures with the same limit.
        max_bytes: As :func:`load` takes it.
        cache: As :func:`load` takes it.
        path_column: As :func:`load` takes it.
        label_column: As :func:`load` takes it.
        decisions: As :func:`load` takes it.

    Returns:
        The pictures, with ``classes`` for theirs. Not every class must occur.

    Raises:
        MissingPartError: The data are divided, and have no such part.
        DataError: There is no such source, no picture can be used, a class is not known to the
            model, or arrays have another shape than the model takes.
        ArgumentError: A setting is outside its range.
    """
    reading = Reading(
        bad=bad, max_pixels=max_pixels, max_bytes=max_bytes, cache=cache,
        path_column=path_column, label_column=label_column, decisions=decisions,
    )  # fmt: skip
    return read_for(
        source, reading, preprocessing=preprocessing, classes=classes,
        source_classes=source_classes, known=known, split=split,
    )  # fmt: skip


def _arrays(
    name: str,
    arrays: Mapping[str, Any],
    allow_one_class: bool,
    classes: ClassNames | None,
    task: str | None,
) -> ArraySource:
    """Return arrays as a source; integers of 16 or 32 bits are scaled by the range of all parts."""
    if classes is not None:  # instead of names that the arrays bring
        arrays = {key: array for key, array in arrays.items() if key != CLASSES}
    values = array_range(deep_pictures(arrays).values())
    ends, notes = (None, ()) if values is None else (values.ends, (values.note(),))
    datasets = datasets_from(arrays, name, value_range=ends, task=task)
    return _array_source(name, datasets, allow_one_class, notes, classes)


def _array_source(
    name: str,
    datasets: Mapping[str, Dataset],
    allow_one_class: bool,
    notes: tuple[str, ...] = (),
    classes: ClassNames | None = None,
    task: str | None = None,
) -> ArraySource:
    if classes is not None:
        datasets = with_classes(datasets, classes, name)
    for part, pictures in datasets.items():
        if task not in (None, pictures.kind):
            like = TARGETS[task].like(pictures.classes)
            targets = like.adopt(pictures.targets, name)
            datasets = {**datasets, part: replace(pictures, targets=targets)}
    for part in ("all", "train"):
        if part in datasets:
            targets = datasets[part].targets
            check_learnable(name, targets, allow_one_class=allow_one_class)
            notes = (*notes, *integers_note(targets.names, targets.kind))
    return ArraySource(name, datasets, notes)


def check_not_resized(
    dataset: Dataset, image_size: tuple[int, int] | None, name: str | None = None
) -> None:
    """Raise DataError if pictures in memory have another size than is asked for.

    Args:
        dataset: The pictures.
        image_size: Height and width asked for; None for theirs.
        name: What they are called in messages; None for the data set's name.
    """
    height, width, _ = dataset.image_shape
    if image_size is not None and tuple(image_size) != (height, width):
        raise DataError(
            f"{name or dataset.name}: pictures of {array_shape((height, width))}, and image_size "
            f"asks for {image_size[0]}×{image_size[1]}; arrays are not resized: leave "
            f"image_size out"
        )
