"""The options of ``pellucid train`` that are kept with a run, as one value."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

from pellucid.cli.estimator_options import estimator_for
from pellucid.data.class_names import given_classes
from pellucid.data.detect_format import BUILTIN
from pellucid.data.reading import Reading
from pellucid.data.side_cameras import side_cameras_of
from pellucid.interop.models import place_of
from pellucid.ops import Huber, SquaredError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.cli.estimator_options import Estimator
    from pellucid.data.quarantine import Bad

_TAKEN = {
    "epochs": ("epochs",),
    "batch_size": ("batch_size",),
    "learning_rate": ("learning_rate",),
    "ema": ("ema",),
    "optimizer": ("optimizer", "kind"),
    "weight_decay": ("optimizer", "weight_decay"),
    "label_smoothing": ("loss", "label_smoothing"),
}
"""Options that may be left to defaults, and where the recipe has the values taken."""

KEPT_AS = {"classes": list[str] | None}
"""Types of options that are kept in another form than they are typed in."""


_LOSSES = {Huber.kind: "huber", SquaredError.kind: "squared"}
"""What --loss calls the losses of numbers."""


@dataclass(frozen=True)
class TrainOptions:
    """What a run is trained on, and how; a resumed run takes them over.

    Plain JSON values, named as the options are and described there. ``data`` is empty where none
    were named.
    """

    data: str | None
    architecture: str | None
    detector: str | None
    epochs: int | None
    seed: int
    batch_size: int | None
    optimizer: str | None
    learning_rate: float | None
    schedule: str
    weight_decay: float | None
    label_smoothing: float | None
    class_weights: str
    loss: str | None
    augment: str | None
    ema: float | None
    patience: int | None
    validation: str | None
    image_size: str | None
    classes: list[str] | None
    bad: Bad
    max_pixels: int
    max_bytes: int | None
    path_column: str | None
    label_column: str | None
    group: str | None
    test_fold: str | None
    side_cameras: float | None
    side_columns: str | None
    decisions: str | None
    sound: str | None
    task: str | None
    units: str | None
    allow: list[str] | None
    cache: bool
    engine: str
    start_from: str | None
    pretrained: str | None
    fine_tune: str | None
    folds: int | None
    latent: int | None
    width: int | None
    cell: str | None
    hidden: int | None
    embedding: int | None
    dropout: float | None
    least_count: int | None
    save_every: float
    live: bool
    replay: bool
    report: bool

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Those of a command's parameters that are kept.

        A file of class names is read, since it may be gone when the run is resumed.

        Raises:
            DataError: If that cannot be.
        """
        found = {field.name: given[field.name] for field in fields(cls)}
        if isinstance(found["classes"], str):
            found["classes"] = list(given_classes(found["classes"], "--classes")[0])
        if found["decisions"] is not None:
            found["decisions"] = os.fspath(found["decisions"])
        return cls(**found)

    def completed(self, recipe: Mapping[str, Any]) -> Self:
        """With the values that a run took where none was given.

        Defaults may have changed since: a run that an earlier version began goes on as it was.

        Args:
            recipe: The run's, as its provenance has it.
        """
        found: dict[str, Any] = {}
        if head := recipe.get("head_epochs"):  # the head's epoch and decay are no options
            recipe = {**recipe, "epochs": recipe["epochs"] - head or None, "optimizer": None}
        for name, place in _TAKEN.items():
            value: Any = recipe
            for part in place:
                value = value.get(part) if isinstance(value, dict) else None
            if getattr(self, name) is None and value is not None:
                found[name] = value
        loss = recipe.get("loss")
        kind = loss.get("kind") if isinstance(loss, dict) else None
        if self.loss is None and kind in _LOSSES:
            found["loss"] = _LOSSES[kind]
        return replace(self, **found)

    def for_anywhere(self) -> Self:
        """With whole paths, so that the run can be resumed from any folder."""
        found: dict[str, Any] = {}
        if self.data and self.data not in BUILTIN:
            found["data"] = os.path.abspath(self.data)  # noqa: PTH100 - links stay
        if self.decisions is not None:
            found["decisions"] = os.path.abspath(self.decisions)  # noqa: PTH100 - links stay
        for name in ("start_from", "pretrained"):
            given = getattr(self, name)
            if given is not None and place_of(given) is not None:
                found[name] = os.path.abspath(given)  # noqa: PTH100
        return replace(self, **found)

    def reading(self, max_pixels: int) -> Reading:
        """How the data are read, with a limit to a picture's pixels."""
        return Reading(
            bad=self.bad, max_pixels=max_pixels, max_bytes=self.max_bytes, cache=self.cache,
            path_column=self.path_column, label_column=self.label_column,
            group=self.group, test_fold=self.test_fold,
            side_cameras=side_cameras_of(self.side_cameras, self.side_columns),
            sound=self.sound, units=self.units, decisions=self.decisions,
        )  # fmt: skip

    def estimator(self, task: str | None) -> Estimator:
        """The estimator that they describe, for what the data are for; none: not known yet.

        Raises:
            ArgumentError: If an option is out of range, or has no meaning for the task.
        """
        return estimator_for(vars(self), task)
