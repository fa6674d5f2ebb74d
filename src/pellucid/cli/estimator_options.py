"""The estimator that a command's options describe, for what the data are for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.cli import option_values
from pellucid.data.boxes import Boxes
from pellucid.data.captions import Captions
from pellucid.data.targets import TARGETS, Numbers
from pellucid.data.transcripts import Transcripts
from pellucid.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.estimators import AnyEstimator

    Estimator = AnyEstimator

_OTHERS = {"image_size", "class_weights", "augmentation", "loss", "validation"}
"""Settings of estimators that options have in another form, or that data are read by."""

CAPTIONER = ("cell", "hidden", "embedding", "dropout", "least_count")
"""Settings that only captioners have."""


def estimator_for(options: Mapping[str, Any], task: str | None) -> Estimator:
    """An estimator with a command's options, which are checked.

    Args:
        options: By name.
        task: What is to be learned; None where that is not known yet.

    Raises:
        ArgumentError: If an option is out of range, or has no meaning for the task.
    """
    from pellucid.estimators import ImageClassifier, estimator_of

    size, weights = options["image_size"], options["class_weights"]
    weights = None if weights == "none" else weights
    kind = ImageClassifier if task is None else estimator_of(task)
    given = {name: options[name] for name in kind._settings() if name in options.keys() - _OTHERS}
    for name in ("optimizer", "architecture"):
        if given.get(name, "") is None:
            del given[name]  # the estimator's own
    given |= {
        "image_size": None if size is None else option_values.image_size(size),
        "augmentation": options["augment"],
    }
    if task is None or task in ImageClassifier.TASKS:
        given["class_weights"] = weights
    else:
        _refuse(
            {"--label-smoothing": options["label_smoothing"], "--class-weights": weights},
            f"is made for classes, and the data are for {TARGETS[task].title}",
        )
    loss = options.get("loss")
    if task == Numbers.kind:
        given |= {} if loss is None else {"loss": loss}
    elif task is not None:
        _refuse(
            {"--loss": loss}, f"is made for numbers, and the data are for {TARGETS[task].title}"
        )
    _refuse(
        {"--latent": options.get("latent"), "--width": options.get("width")},
        "is made for generating pictures (--task generation)",
    )
    if task not in (None, Captions.kind):
        _refuse(
            {f"--{name.replace('_', '-')}": options.get(name) is not None for name in CAPTIONER},
            f"is made for captions, and the data are for {TARGETS[task].title}",
        )
    if task not in (None, Boxes.kind):
        _refuse(
            {"--detector": options.get("detector")},
            f"is made for boxes, and the data are for {TARGETS[task].title}",
        )
    if task == Captions.kind:
        _refuse(
            {
                "--fine-tune": options.get("fine_tune"), "--folds": options.get("folds"),
                "--start-from": options.get("start_from"), "--augment": options["augment"],
                "--ema": options.get("ema"),
            },
            "is not made for captions, which are learned from what a frozen body sees",
        )  # fmt: skip
        for name in ("augmentation", "start_from", "architecture", "ema", "fine_tune", "sound"):
            given.pop(name, None)
        for name in ("pretrained", *CAPTIONER):
            if given.get(name, "") is None:
                del given[name]  # the estimator's own
    if task in (Boxes.kind, Transcripts.kind):
        _refuse(
            {"--fine-tune": options.get("fine_tune"), "--folds": options.get("folds")},
            f"is made for a frozen body, and for {TARGETS[task].title} everything learns",
        )
    if task == Transcripts.kind:
        del given["image_size"]
        _refuse(
            {"--image-size": size},
            "is made for pictures, and the data are recordings (--sound mels=64,hop=0.016)",
        )
    return kind(**given).check_settings()


def _refuse(given: Mapping[str, object], why: str) -> None:
    """Raise ArgumentError for the first option that is given."""
    for name, value in given.items():
        if value:
            raise ArgumentError(f"{name} {why}; leave it out")
