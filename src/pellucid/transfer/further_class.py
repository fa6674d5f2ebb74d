"""A further class for a model on a trained body, from kept features: its head is solved again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import ArgumentError
from pellucid.files import Model
from pellucid.files.feature_file import PARTS
from pellucid.graph import Network
from pellucid.ops import CrossEntropy
from pellucid.ops.loss import one_hot
from pellucid.tasks import SingleLabel, check_one_class
from pellucid.text import printable
from pellucid.transfer.alike import alike_pairs, linked
from pellucid.transfer.body import Body, with_new_head
from pellucid.transfer.choice import FOLDS, fit_head
from pellucid.transfer.folds import make_folds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pellucid.files.feature_file import FeatureSet

HELD_OUT = 0.1
"""The share of the new pictures that validates, where the old ones have such a part."""


@dataclass(frozen=True, eq=False)
class FurtherClass:
    """A model with a further class.

    Attributes:
        model: The model.
        features: Those of all pictures, the new ones last.
        before: The accuracy on the old validation pictures before; None without any.
        after: The same with the further class.
        old_pictures: How many old validation pictures there are.
        new: The accuracy on the new class's validation pictures; None without any.
        new_pictures: How many of these there are.
    """

    model: Model
    features: FeatureSet
    before: float | None
    after: float | None
    old_pictures: int
    new: float | None
    new_pictures: int

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "classes": list(self.model.classes),
            "old_classes_before": self.before,
            "old_classes_after": self.after,
            "old_classes_pictures": self.old_pictures,
            "new_class": self.new,
            "new_class_pictures": self.new_pictures,
        }


def add_class(
    model: Model,
    kept: FeatureSet,
    name: str,
    features: NDArray[np.float32],
    names: Sequence[str],
    *,
    seed: int = 0,
) -> FurtherClass:
    """A model that knows a further class: another head on the same body, solved on all pictures.

    Args:
        model: Of one class a picture.
        kept: The features of the pictures that it learned from and was validated by.
        name: Of the further class.
        features: Of its pictures, float32 (n, D).
        names: What these are called, n.
        seed: Decides which of them validate, and of the folds.

    Raises:
        ArgumentError: If the model has the class already, or is for another task.
        DataError: If the name is none for such a class.
    """
    check_one_class(model.task, "a further class")
    assert isinstance(model.task, SingleLabel)
    if name in model.classes:
        raise ArgumentError(
            f"the model has the class {printable(name)} already; give the new one another name "
            "(--name), or train with all pictures"
        )
    task = replace(model.task, classes=(*model.classes, name))
    held = _held_out(len(features)) if len(kept.part("validation")) else 0
    order = np.argsort(np.random.PCG64(seed).random_raw(len(features)), kind="stable")
    parts = np.full(len(features), PARTS.index("train"), np.uint8)
    parts[order[:held]] = PARTS.index("validation")
    every = replace(
        kept,
        features=np.concatenate([kept.features, features]),
        targets=np.append(kept.targets, np.full(len(features), len(model.classes))),
        names=(*kept.names, *names),
        parts=np.append(kept.parts, parts),
        task=task,
    )
    learned, judged_by = every.part("train"), every.part("validation")
    labels = every.targets[learned]
    choice = fit_head(
        every.features[learned],
        one_hot(labels, len(task.classes)),
        CrossEntropy(),
        make_folds(labels, _copies(every.features[learned]), FOLDS, seed),
    )
    shape = model.network.graph.input_shape
    network = with_new_head(model, "the model", shape, len(task.classes))
    body = Body.of(model, "the model")
    kernel, bias = body.head_weights
    weights = {
        **network.weights,
        kernel: choice.head.kernel.astype(np.float32),
        bias: choice.head.bias.astype(np.float32),
    }
    answers = choice.head.outputs(every.features).argmax(axis=1)
    right = answers == every.targets
    old = judged_by[every.targets[judged_by] < len(model.classes)]
    new = judged_by[every.targets[judged_by] == len(model.classes)]
    known = model.network.weights
    before = kept.features[old] @ known[kernel] + known.get(bias, np.zeros(1, np.float32))
    results = {"epoch": 1, "weight_decay": choice.weight_decay}
    if len(judged_by):
        results["validation_accuracy"] = float(right[judged_by].mean())
    provenance = {n: v for n, v in model.provenance.items() if n not in ("results", "history")}
    if kept.decisions is not None:  # of what the head learns from now
        provenance["decisions"] = {**provenance.get("decisions", {}), **kept.decisions}
    added = [*provenance.get("added_classes", []), {"name": name, "pictures": len(features)}]
    found = Model(
        Network(network.graph, weights),
        task,
        model.preprocessing,
        {**provenance, "added_classes": added, "results": results},
    )
    return FurtherClass(
        found,
        every,
        _share(before.argmax(axis=1) == kept.targets[old]),
        _share(right[old]),
        len(old),
        _share(right[new]),
        len(new),
    )


def _copies(features: NDArray[np.float32]) -> NDArray[np.int64]:
    """The group of each picture, (N,): those whose features are nearly the same go together.

    Pixels are not at hand, by which :mod:`pellucid.transfer.groups` tells copies.
    """
    return linked(alike_pairs(features), len(features))


def _held_out(count: int) -> int:
    """How many of the new pictures validate: none of fewer than five."""
    return max(1, round(HELD_OUT * count)) if count >= 5 else 0


def _share(right: NDArray[np.bool_]) -> float | None:
    return float(right.mean()) if len(right) else None
