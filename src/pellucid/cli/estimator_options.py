"""The estimator that a command's options describe, for what the data are for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.cli import arguments
from pellucid.data.targets import Numbers
from pellucid.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.estimators import ImageClassifier, ImageRegressor

    Estimator = ImageClassifier | ImageRegressor

_OTHERS = {"image_size", "class_weights", "augmentation", "loss", "validation"}
"""Settings of estimators that options have in another form, or that data are read by."""


def estimator_for(options: Mapping[str, Any], task: str | None) -> Estimator:
    """An estimator with a command's options, which are checked.

    Args:
        options: By name.
        task: What is to be learned; None where that is not known yet.

    Raises:
        ArgumentError: If an option is out of range, or has no meaning for the task.
    """
    from pellucid.estimators import ImageClassifier, ImageRegressor

    size, weights, loss = options["image_size"], options["class_weights"], options.get("loss")
    weights = None if weights == "none" else weights
    kind = ImageRegressor if task == Numbers.kind else ImageClassifier
    given = {name: options[name] for name in kind._settings() if name in options.keys() - _OTHERS}
    if given.get("optimizer", "") is None:
        del given["optimizer"]  # the estimator's own
    given |= {
        "image_size": None if size is None else arguments.image_size(size),
        "augmentation": options["augment"],
    }
    if kind is ImageRegressor:
        given |= {} if loss is None else {"loss": loss}
        for name, value in (
            ("--label-smoothing", options["label_smoothing"]),
            ("--class-weights", weights),
        ):
            if value:
                raise ArgumentError(
                    f"{name} is made for classes, and the data are for {Numbers.title}; leave it "
                    "out"
                )
    else:
        given["class_weights"] = weights
        if loss is not None and task is not None:
            raise ArgumentError(
                f"--loss is made for numbers, and the data are for {task} classification; leave it "
                "out"
            )
    return kind(**given).check_settings()
