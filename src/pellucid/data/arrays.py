"""Pictures as arrays by name: ``x`` and ``y``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.data.convert import scaled
from pellucid.data.dataset import Dataset
from pellucid.data.names import counted, listed, shown
from pellucid.data.preprocessing import is_deep_array
from pellucid.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.data.convert import Range
    from pellucid.data.labels import LabelKind

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
) -> dict[str, Dataset]:
    """Make data sets of arrays that are named by what they are.

    Args:
        arrays: ``x``, the pictures, uint8 in 0..255 and of shape (N, H, W) or (N, H, W, C), and
            ``y``, their labels, of shape (N,) or (N, 1): integers, or names of classes. If there
            is a test part, ``x_test`` and ``y_test``; then ``x`` and ``y`` are the training part.
            Also ``x_validation`` and ``y_validation``. ``classes``: the class names, in the order
            of integer labels. Also known are the names ``x_train``, ``x_val`` and
            ``train_images``, ``train_labels`` and so on.
        name: What the data are called in messages.
        parts: Which parts are wanted; None for all. Those that are not there are left out.
        value_range: The values of pictures of 16- or 32-bit integers that become 0 and 255; None
            where there are to be none.

    Returns:
        The data sets by part, all with the same classes: those given, or else the sorted union of
        the labels that occur in any part. ``all`` is the only part of undivided data.

    Raises:
        DataError: ``x`` or ``y`` is missing, or an array has another shape, type or value.
    """
    pairs = array_pairs(arrays, name)
    labels = {
        part: _labels(arrays[label], f"{name}: {label}") for part, (_, label) in pairs.items()
    }
    classes, places = _places(arrays.get(CLASSES), labels, name)
    of_integers = next(iter(labels.values())).dtype.kind == "i"
    kind: LabelKind = "int" if of_integers and CLASSES not in arrays else "text"
    return {
        part: Dataset(
            _with_channels(_eight_bit(arrays[picture], value_range), f"{name}: {picture}"),
            places[part],
            classes,
            name=part,
            label_kind=kind,
            value_range=value_range,
        )
        for part, (picture, _) in pairs.items()
        if parts is None or part in parts
    }


def deep_pictures(arrays: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Return the arrays of pictures that hold integers of 16 or 32 bits, by their names."""
    names = [picture for pairs in NAMES.values() for picture, _ in pairs if picture in arrays]
    pictures = {name: np.asarray(arrays[name]) for name in names}
    return {name: values for name, values in pictures.items() if is_deep_array(values)}


def _eight_bit(pictures: object, value_range: Range | None) -> NDArray[Any]:
    values = np.asarray(pictures)
    if value_range is None or not is_deep_array(values):
        return values
    return np.stack([scaled(picture, value_range) for picture in values])


def array_parts(arrays: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return the parts that arrays have, by their names.

    Raises:
        DataError: ``x`` or ``y`` is missing.
    """
    return tuple(array_pairs(arrays, name))


def no_known(name: str, holds: list[str]) -> DataError:
    """Return the error for arrays of other names."""
    return DataError(
        f"{name}: {listed(holds) or 'no arrays'}; expected the arrays x (pictures) and y (labels), "
        f"and x_test and y_test if there is a test part"
    )


def array_pairs(arrays: Mapping[str, Any], name: str) -> dict[str, tuple[str, str]]:
    """Return the names of pictures and labels of each part.

    Raises:
        DataError: ``x`` or ``y`` is missing.
    """
    found: dict[str, tuple[str, str]] = {}
    for part, pairs in NAMES.items():
        for picture, label in pairs:
            if (picture in arrays) != (label in arrays):
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


def _labels(labels: object, name: str) -> NDArray[Any]:
    values = np.asarray(labels)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        hint = "; for one column per class give y.argmax(axis=1)" if values.ndim == 2 else ""
        raise DataError(f"{name} has the shape {values.shape}; expected (N,), one a picture{hint}")
    if values.dtype.kind not in "iuU":
        raise DataError(
            f"{name} is {values.dtype}; expected integers, or names of classes as texts"
        )
    return values if values.dtype.kind == "U" else values.astype(np.int64)


def _places(
    given: object, labels: Mapping[str, NDArray[Any]], name: str
) -> tuple[tuple[str, ...], dict[str, NDArray[np.int64]]]:
    """Return the class names, and the labels of each part as positions in them."""
    kinds = {values.dtype.kind in "iu" for values in labels.values()}
    if len(kinds) > 1:
        raise DataError(f"{name}: labels are integers in one part and texts in another; use one")
    occurring = np.unique(np.concatenate(list(labels.values())))
    if given is None:
        known = occurring
    else:
        known = np.asarray(given)
        if known.ndim != 1 or known.dtype.kind != "U" or len(set(known.tolist())) != len(known):
            raise DataError(f"{name}: classes are {given!r:.100}; expected names, each once")
        if kinds == {True}:
            if occurring.size and not 0 <= occurring.min() <= occurring.max() < len(known):
                wrong = occurring.min() if occurring.min() < 0 else occurring.max()
                raise DataError(
                    f"{name}: label {wrong} is outside 0..{len(known) - 1} "
                    f"({counted(len(known), 'class')}); give one class name per label"
                )
            return tuple(known.tolist()), {
                part: values.astype(np.int64) for part, values in labels.items()
            }
    position = {label: i for i, label in enumerate(known.tolist())}
    unknown = [label for label in occurring.tolist() if label not in position]
    if unknown:
        raise DataError(
            f"{name}: the label {shown(str(unknown[0]))} is none of the classes "
            f"{listed(known.tolist())}; add it to classes"
        )
    return tuple(str(label) for label in known.tolist()), {
        part: np.array([position[label] for label in values.tolist()], np.int64)
        for part, values in labels.items()
    }


def _with_channels(pictures: object, name: str) -> NDArray[Any]:
    values = np.asarray(pictures)
    if values.ndim not in (3, 4):
        raise DataError(f"{name} has the shape {values.shape}; expected (N, H, W) or (N, H, W, C)")
    return values[..., np.newaxis] if values.ndim == 3 else values
