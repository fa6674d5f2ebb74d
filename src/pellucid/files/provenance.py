"""What a model's provenance says of its data, read without trust: files come from anywhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pellucid.data.class_names import given_classes
from pellucid.data.groups import check_group
from pellucid.data.make_splits import drawn_positions
from pellucid.data.pillow import MAX_PIXELS
from pellucid.data.test_fold import checked_fold
from pellucid.errors import DataError, PellucidError
from pellucid.text import counted, listed, quoted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.files import Model


def unseen(
    origin: dict[str, Any], pictures: Dataset, *, part: str = "test", undivided: bool = True
) -> Dataset | None:
    """Of the pictures of an undivided folder, those that were set aside for a model's test.

    Args:
        origin: The model's provenance, as its file gives it.
        pictures: All pictures of a folder, or its training part, with labels counted in the
            model's classes.
        part: ``"test"`` or ``"validation"``: what was set aside for that; ``"train"``: the rest.
        undivided: Whether all pictures are given; False for the training part of divided data.

    Returns:
        That part; None if the model did not learn from this folder, as far as is known, or if
        nothing of it was set aside for that.
    """
    positions = parts_drawn(origin, pictures, undivided=undivided)
    if positions is None or part not in positions:
        return None
    return pictures.subset(positions[part], part)


def parts_drawn(
    origin: dict[str, Any], pictures: Dataset, *, undivided: bool
) -> dict[str, NDArray[np.int64]] | None:
    """Where the pictures of each part lie that a model's data were divided into.

    Args:
        origin: The model's provenance, as its file gives it.
        pictures: As :func:`unseen` takes them.
        undivided: As :func:`unseen` takes it.

    Returns:
        Ascending positions of ``train`` and of the parts that were drawn; None if the model did not
        learn from this folder, as far as is known, or if nothing was drawn.
    """
    try:
        validation = origin["validation"]
        held = None if validation is None else validation["pictures"]
        drawn = origin.get("drawn", {"seed": origin["recipe"]["seed"], "validation": held})
        return drawn_positions(
            pictures,
            validation=drawn["validation"],
            seed=drawn["seed"],
            learned=learned_fingerprints(origin),
            undivided=undivided,
        )
    except (LookupError, TypeError, AttributeError, PellucidError):
        return None  # no such record, or a wrong one


def learned_fingerprints(origin: dict[str, Any]) -> set[str]:
    """What the pictures that a model learned from were, before decisions about them and after.

    Args:
        origin: The model's provenance, as its file gives it.

    Raises:
        LookupError: It does not say.
        TypeError: It is not what it should be.
    """
    learned = origin.get("own", origin["data"])["fingerprint"]
    return {learned, origin.get("decisions", {}).get("before", learned)}


def source_classes(model: Model) -> tuple[str, ...] | None:
    """What a model's training data called its classes, if they were renamed; else None."""
    described = model.provenance.get("source_classes")
    if not isinstance(described, list) or not all(
        isinstance(name, str) and name for name in described
    ):
        return None
    different = len(set(described)) == len(described) == len(model.classes)
    return tuple(described) if different else None


def renamed(model: Model, classes: Any) -> Model:
    """A model with other class names, which remembers what its training data call the classes.

    Args:
        model: The model.
        classes: What :func:`pellucid.data.class_names.given_classes` takes, a name for each class.

    Raises:
        DataError: The names cannot be used, or there are more or fewer than classes; or they are
            the model's own in another order, which would exchange its classes.
    """
    _ = model.label_kind  # raises where there are no classes
    names, kind = given_classes(classes)
    if len(names) != len(model.classes):
        raise DataError(
            f"{counted(len(names), 'class name')} for the {counted(len(model.classes), 'class')} "
            f"of the model ({listed(model.classes)}); give one for each, in their order"
        )
    own = dict(zip(model.classes, names, strict=True))
    moved = next((old for old, new in own.items() if old != new and new in own), None)
    if moved is not None and (model.label_kind == "text" or set(names) == own.keys()):
        raise DataError(
            f"class names: the model's class {quoted(moved, 80)} would be called "
            f"{quoted(own[moved], 80)}, which is another of its classes; its order is "
            f"{listed(model.classes, 12)}: leave the names out, or give new ones in that order"
        )
    source = source_classes(model) or model.classes
    origin = {name: value for name, value in model.provenance.items() if name != "source_classes"}
    if source != names:
        origin["source_classes"] = list(source)
    return replace(model, task=model.task.with_classes(names, kind), provenance=origin)


def trained_max_pixels(origin: dict[str, Any]) -> int:
    """The limit in a model's provenance; the default if there is none that can be."""
    described = origin.get("max_pixels")
    return described if type(described) is int and described >= 1 else MAX_PIXELS


def trained_group(origin: dict[str, Any]) -> str | None:
    """What kept pictures together when a model's data were divided; None where nothing did."""
    described = origin.get("group")
    try:
        check_group(described)
    except PellucidError:
        return None
    return described if isinstance(described, str) else None


def trained_fold(origin: dict[str, Any]) -> str | None:
    """Which fold of the groups was the test of a model's data; None where it was drawn."""
    described = origin.get("test_fold")
    try:
        checked_fold(described)
    except PellucidError:
        return None
    return described if isinstance(described, str) else None


TRANSFER = "transfer"
"""What the provenance calls the settings of a training on a frozen body."""


def safe_max_pixels(origin: dict[str, Any]) -> int:
    """The limit that a model was trained with, as far as it lifts the default for nobody.

    A file from elsewhere must not make us decode larger pictures than we would have.
    """
    return min(trained_max_pixels(origin), MAX_PIXELS)
