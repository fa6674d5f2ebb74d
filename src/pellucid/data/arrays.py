"""Pictures as arrays by name: ``x`` and ``y``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.class_names import given_classes, named_places
from pellucid.data.convert import scaled
from pellucid.data.dataset import Dataset
from pellucid.data.labels import IN_WORDS, checked_labels, label_kind
from pellucid.data.preprocessing import is_deep_array
from pellucid.data.recognise import label_sets_of, numbers_of, task_of_array
from pellucid.data.targets import TARGETS, ClassTargets, LabelSets, Numbers, Unlabelled
from pellucid.data.value_range import array_range
from pellucid.errors import DataError
from pellucid.text import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.data.convert import Range
    from pellucid.data.labels import LabelKind
    from pellucid.data.targets import Targets

CLASSES = "classes"
"""The name of the array of class names."""

NAMES = {
    "all": (("x", "y"),),
    "train": (("x_train", "y_train"), ("train_images", "train_labels")),
    "validation": (
        ("x_validation", "y_validation"),
        ("x_val", "y_val"),
        ("val_images", "val_labels"),
    ),
    "test": (("x_test", "y_test"), ("test_images", "test_labels")),
}
"""What the arrays of each part are called: here, by Keras, by collections of medical pictures."""


def datasets_from(
    arrays: Mapping[str, Any],
    name: str,
    parts: Sequence[str] | None = None,
    value_range: Range | None = None,
    task: str | None = None,
) -> dict[str, Dataset]:
    """Make data sets of arrays that are named by what they are.

    Args:
        arrays: ``x``, the pictures, uint8 in 0..255 and of shape (N, H, W) or (N, H, W, C), and
            ``y``, their labels, of shape (N,) or (N, 1): integers, texts or bools (see
            :mod:`pellucid.data.labels`); or several labels a picture, (N, K) of 0 and 1; or
            numbers, (N,) or (N, M) floats. If there is a test part, ``x_test`` and ``y_test``; then
            ``x`` and ``y`` are the training part. Also ``x_validation`` and ``y_validation``.
            ``classes``: the class names, in the order of integer labels (see
            :func:`pellucid.data.class_names.named_places`). Also known are the names ``x_train``,
            ``x_val`` and ``train_images``, ``train_labels`` and so on.
        name: What the data are called in messages.
        parts: Which parts are wanted; None for all. Those that are not there are left out.
        value_range: The values of pictures of 16- or 32-bit integers that become 0 and 255; None
            where there are to be none.
        task: What the labels are for, e.g. ``"regression"``; None to recognise it, see
            :mod:`pellucid.data.recognise`.

    Returns:
        The data sets by part, all with the same classes: those given, or else the sorted union of
        the labels that occur in any part. ``all`` is the only part of undivided data.

    Raises:
        DataError: ``x`` or ``y`` is missing, or an array has another shape, type or value.
    """
    labelled = task != Unlabelled.kind
    pairs = array_pairs(arrays, name, labelled=labelled)
    pictures = {
        part: with_channels(arrays[picture], f"{name}: {picture}")
        for part, (picture, _) in pairs.items()
    }
    targets = array_targets(
        {part: arrays[label] if labelled else () for part, (_, label) in pairs.items()},
        {part: f"{name}: {label}" for part, (_, label) in pairs.items()},
        {part: len(images) for part, images in pictures.items()},
        name, arrays.get(CLASSES), task,
    )  # fmt: skip
    return {
        part: Dataset(
            eight_bit(images, value_range),
            targets=targets[part],
            name=part,
            value_range=value_range,
        )
        for part, images in pictures.items()
        if parts is None or part in parts
    }


def array_targets(
    labels: Mapping[str, Any],
    names: Mapping[str, str],
    counts: Mapping[str, int],
    name: str,
    classes: object = None,
    task: str | None = None,
) -> Mapping[str, Targets]:
    """Return labels as targets, by part, all of the same kind.

    Args:
        labels: What was given, by part.
        names: What the labels of each part are called in messages.
        counts: How many pictures each part has.
        name: What the data are called in messages.
        classes: Names of the classes, as :func:`given_classes` takes them; None for the labels.
        task: What the labels are for; None to recognise it.

    Raises:
        DataError: The labels cannot be used, or are not of one kind in all parts.
    """
    if task == Unlabelled.kind:
        return {part: Unlabelled.of(count) for part, count in counts.items()}
    kinds = {part: task or task_of_array(values) for part, values in labels.items()}
    kind = Numbers.kind if Numbers.kind in kinds.values() else next(iter(kinds.values()))
    if kind == Numbers.kind:  # whole numbers of another part are numbers, too
        return numbers_of(labels, names, counts)
    if len(set(kinds.values())) > 1:
        described = " and ".join(f"{TARGETS[k].title} in {part}" for part, k in kinds.items())
        raise DataError(f"{name}: labels are for {described}; use one kind in all parts")
    if kind == LabelSets.kind:
        called = None if classes is None else given_classes(classes, f"{name}: classes")[0]
        return label_sets_of(labels, names, counts, called)
    checked = {
        part: checked_labels(values, names[part], counts[part]) for part, values in labels.items()
    }
    called, label_type, places = _placed(classes, checked, name)
    return {part: ClassTargets(places[part], called, label_type) for part in labels}


def deep_pictures(arrays: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Return the arrays of pictures that hold integers of 16 or 32 bits, by their names."""
    names = [picture for pairs in NAMES.values() for picture, _ in pairs if picture in arrays]
    pictures = {name: np.asarray(arrays[name]) for name in names}
    return {name: values for name, values in pictures.items() if is_deep_array(values)}


def eight_bit(pictures: object, value_range: Range | None) -> NDArray[Any]:
    """Return pictures of 16- or 32-bit integers scaled to 0..255, and others as they are."""
    values = np.asarray(pictures)
    if value_range is None or not is_deep_array(values):
        return values
    return np.stack([scaled(picture, value_range) for picture in values])


def dataset_from(
    pictures: object, labels: object, name: str = "pictures", task: str | None = None
) -> Dataset:
    """Make a data set of pixels and labels; the classes are the sorted labels that occur.

    Args:
        pictures: Pixels (N, H, W, C) or (N, H, W), uint8 0..255; integers of 16 or 32 bits are
            scaled by the range of values that they have.
        labels: One a picture; see :mod:`pellucid.data.labels`. Or several, (N, K) of 0 and 1; or
            numbers.
        name: What the data are called in messages.
        task: What the labels are for; None to recognise it.

    Raises:
        DataError: An array has another shape, type or value.
    """
    images = with_channels(pictures, name)
    targets = array_targets({name: labels}, {name: "labels"}, {name: len(images)}, name, task=task)
    found = array_range([images] if is_deep_array(images) else [])
    ends = None if found is None else found.ends
    return Dataset(eight_bit(images, ends), targets=targets[name], name=name, value_range=ends)


def array_parts(arrays: Mapping[str, Any], name: str, *, labelled: bool = True) -> tuple[str, ...]:
    """Return the parts that arrays have, by their names; arguments as of :func:`array_pairs`.

    Raises:
        DataError: ``x`` or ``y`` is missing.
    """
    return tuple(array_pairs(arrays, name, labelled=labelled))


def no_known(name: str, holds: list[str]) -> DataError:
    """Return the error for arrays of other names."""
    return DataError(
        f"{name}: {listed(holds) or 'no arrays'}; expected the arrays x (pictures) and y (labels), "
        f"and x_test and y_test if there is a test part"
    )


def array_pairs(
    arrays: Mapping[str, Any], name: str, *, labelled: bool = True
) -> dict[str, tuple[str, str]]:
    """Return the names of pictures and labels of each part.

    Args:
        arrays: By name.
        name: What the data are called in messages.
        labelled: Whether the labels must be there, too.

    Raises:
        DataError: ``x`` or ``y`` is missing.
    """
    found: dict[str, tuple[str, str]] = {}
    for part, pairs in NAMES.items():
        for picture, label in pairs:
            if labelled and (picture in arrays) != (label in arrays):
                there, missing = (picture, label) if picture in arrays else (label, picture)
                raise DataError(f"{name}: {there} without {missing}; add the array {missing}")
            if picture not in arrays:
                continue
            of_part = found.setdefault(part, (picture, label))
            if of_part != (picture, label):
                raise DataError(f"{name}: both {of_part[0]} and {picture}; keep one of them")
    if "all" in found and len(found) > 1:
        if "train" in found:
            raise DataError(f"{name}: both x and {found['train'][0]}; keep one of them")
        found = {"train": found.pop("all"), **found}
    if not found:
        raise no_known(name, [str(key) for key in arrays])
    return found


def _placed(
    given: object, labels: Mapping[str, NDArray[Any]], name: str
) -> tuple[tuple[str, ...], LabelKind, Mapping[str, NDArray[np.int64]]]:
    """The class names, the kind of labels, and the labels of each part as places."""
    kinds = {part: label_kind(values) for part, values in labels.items()}
    if len(set(kinds.values())) > 1:
        each = " and ".join(f"{IN_WORDS[kind]} in {part}" for part, kind in kinds.items())
        raise DataError(f"{name}: labels are {each}; use one kind in all parts")
    if given is not None:
        names, kind = given_classes(given, f"{name}: classes")
        return names, kind, named_places(labels, names, kind, name)
    used = np.unique(np.concatenate(list(labels.values())))
    places = {part: np.searchsorted(used, values) for part, values in labels.items()}
    return tuple(str(value) for value in used.tolist()), next(iter(kinds.values())), places


def with_channels(pictures: object, name: str) -> NDArray[Any]:
    """Return pixels as (N, H, W, C), from (N, H, W) or (N, H, W, C).

    Raises:
        DataError: They have another shape, or are no array.
    """
    try:
        values = np.asarray(pictures)
    except Exception as error:  # other libraries' arrays raise what they like
        raise DataError(
            f"{name}: a {type(pictures).__name__} of which NumPy makes no array; expected pixels "
            f"(N, H, W) or (N, H, W, C), uint8 0..255"
        ) from error
    if values.ndim not in (3, 4):
        what = f"has the shape {values.shape}" if values.ndim else f"is a {type(pictures).__name__}"
        raise DataError(f"{name} {what}; expected pixels (N, H, W) or (N, H, W, C)")
    return values[..., np.newaxis] if values.ndim == 3 else values
