"""Make training, validation and test set from the parts that a source has."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.boxes import Boxes
from pellucid.data.class_notes import class_notes
from pellucid.data.dataset import Splits
from pellucid.data.decisions.marks import decided
from pellucid.data.group_notes import drawn_groups, group_overlaps
from pellucid.data.split import checked_seed, number_of_pictures, stratified_split
from pellucid.data.targets import ClassTargets, LabelSets
from pellucid.errors import ArgumentError, DataError
from pellucid.text import brief_repr, listed, printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.data.dataset import Dataset
    from pellucid.data.groups import Groups
    from pellucid.data.sources import Source
    from pellucid.data.split import Share
    from pellucid.data.targets import Targets

DEFAULT_SHARE = 0.1
"""Part of the pictures that is set aside, for validation and again for the test."""


def make_splits(source: Source, validation: Share | None, default: Share, seed: int) -> Splits:
    """Return the splits of a source; what it does not bring itself is drawn from its pictures.

    - A source that is not divided gives 10 % to the test set and ``validation`` to the validation
      set.
    - A source with a training set gives ``validation`` of it to the validation set, unless it
      brings one. A test set is never drawn from pictures that were given for training.

    Args:
        source: The pictures.
        validation: Fraction or number of pictures to validate by, 0 for none, None for the default.
        default: What None means.
        seed: Decides which pictures are drawn; integer ≥ 0. Of the files that cannot be used none
            is drawn: the parts are those of a source without them.

    Raises:
        ArgumentError: ``validation`` or ``seed`` is outside its range.
        DataError: There is no training set, it lacks a class, or there are too few pictures.
    """
    seed = checked_seed(seed)
    drawn = _share_to_draw(source, validation, default)
    undivided = "all" in source.parts
    if not undivided and "train" not in source.parts:
        raise DataError(
            f"{source.name}: nothing to train with, only the part {' and '.join(source.parts)}; "
            f"add a part named train"
        )
    origin = "all" if undivided else "train"
    shares = _shares(drawn, undivided=undivided)
    unwanted = {"validation"} if validation == 0 else set()
    parts: dict[str, Dataset]
    if shares:

        def draw(places: NDArray[np.int64], groups: Groups | None) -> dict[str, NDArray[np.int64]]:
            return stratified_split(
                places, shares,
                seed=seed, name=source.name, groups=groups,
            )  # fmt: skip

        parts = source.divide(origin, draw)
        held = _drawn(parts["validation"]) if "validation" in shares else None
        parts = {name: replace(part, drawn_with=(seed, held)) for name, part in parts.items()}
    else:
        parts = {"train": source.read(origin)}
    for part in ("validation", "test"):
        if part in source.parts and part not in unwanted:
            parts[part] = source.read(part)
    evenly = {
        ClassTargets.kind: ", each class in proportion",
        LabelSets.kind: ", each label in proportion",
        Boxes.kind: ", pictures with boxes of each class in proportion",
    }.get(parts["train"].kind, "")
    whole = ", whole groups" if parts["train"].groups is not None else ""
    how = f"; drawn with seed {seed}{whole}{evenly}: {', '.join(shares)}"
    sizes = ", ".join(
        f"{part} {len(parts[part])}" for part in ("train", "validation", "test") if part in parts
    )
    return Splits(
        train=parts["train"],
        validation=parts.get("validation"),
        test=parts.get("test"),
        notes=(
            *source.notes,
            *target_notes([part.targets for part in parts.values()]),
            f"{parts['train'].noun}s: {sizes}{how if shares else ''}",
            *drawn_groups(parts, shares),
            *(
                f"{line}; judging by pictures of known groups says little of new ones"
                for line in group_overlaps({part: data.groups for part, data in parts.items()})
            ),
            *(label_shares(parts) if len(parts) > 1 else ()),
        ),
        quarantined=source.quarantined,
        drawn=tuple(shares),
    )


def _drawn(part: Dataset) -> int:
    """How many pictures were drawn for a part, of which decisions may leave some out."""
    return len(part) if part.decided is None else part.decided.count


def class_counts(parts: Iterable[Dataset]) -> dict[str, int]:
    """Return how many pictures of all parts have each class, in the order of the classes.

    Of numbers there are no classes.
    """
    counts: Counter[str] = Counter()
    for part in parts:
        counts.update(part.targets.counts())
    return dict(counts)


def target_notes(parts: Sequence[Targets]) -> tuple[str, ...]:
    """Return what the parts have to learn from and to judge by, a line on each thing."""
    first = parts[0]
    everything = first.joined_with(parts[1:])
    if not isinstance(everything, ClassTargets):
        return everything.lines()
    return class_notes(everything.counts())


def label_shares(parts: Mapping[str, Dataset]) -> tuple[str, ...]:
    """Return in a line which share of each part's pictures has each label, the most frequent first.

    Nothing where pictures have no several labels.
    """
    named = {name: parts[name] for name in ("train", "validation", "test") if name in parts}
    if parts["train"].kind != LabelSets.kind:
        return ()
    shares = np.stack([part.targets.array.mean(axis=0) for part in named.values()], axis=1)
    order = (-shares[:, 0]).argsort(kind="stable").tolist()
    names = parts["train"].classes
    lines = [f"{printable(names[k])} {' / '.join(f'{p:.1%}' for p in shares[k])}" for k in order]
    return (f"shares of labels in {' / '.join(named)}: {listed(lines)}",)


def set_aside(
    everything: Dataset,
    *,
    validation: Share | None,
    seed: int,
    learned: Collection[str],
    part: str = "test",
    undivided: bool = True,
) -> Dataset | None:
    """Return what was set aside when a model learned from a source.

    Args:
        everything: All pictures of an undivided source, or the training part of a divided one.
        validation: Fraction or number of pictures that were set aside for validation.
        seed: What the parts were drawn with.
        learned: Fingerprints of the pictures that the model learned from, as they were before
            anything was decided about them, or after.
        part: ``"test"`` or ``"validation"``: what they were set aside for; or ``"train"``: what is
            left.
        undivided: Whether the source was undivided; else nothing was set aside for the test.

    Returns:
        The pictures; None where the model learned from other pictures than these, or none were set
        aside.

    Raises:
        ArgumentError: ``validation`` or ``seed`` is outside its range.
        DataError: There are too few pictures to draw such parts from.
    """
    positions = drawn_positions(
        everything, validation=validation, seed=seed, learned=learned, undivided=undivided
    )
    if positions is None or part not in positions:
        return None
    return everything.subset(positions[part], part)


def drawn_positions(
    everything: Dataset,
    *,
    validation: Share | None,
    seed: int,
    learned: Collection[str],
    undivided: bool,
) -> dict[str, NDArray[np.int64]] | None:
    """Return where the pictures of each part lie that a model's data were divided into.

    Arguments and errors are those of :func:`set_aside`.

    Returns:
        Ascending positions of ``train`` and of what was drawn; None where the model learned from
        other pictures than these, or nothing was drawn.
    """
    shares = _shares(validation, undivided=undivided)
    if not shares:
        return None
    strata = [everything.targets.strata]
    if strata[0].ndim == 2:  # labels were once drawn like pictures of one class
        strata.append(np.zeros(len(everything), np.int64))
    for each in strata:
        positions = stratified_split(
            each, shares,
            seed=seed, name=everything.name,
            groups=everything.groups,
        )  # fmt: skip
        own = everything.subset(positions["train"])
        if own.fingerprint() in learned or (
            own.marks is not None and decided(own).fingerprint() in learned
        ):
            return positions
    return None


def _shares(validation: Share | None, *, undivided: bool) -> dict[str, Share]:
    """Return what is drawn from the pictures to learn from, in the order in which it is drawn."""
    shares: dict[str, Share] = {} if validation is None else {"validation": validation}
    return {**shares, "test": DEFAULT_SHARE} if undivided else shares


def _share_to_draw(source: Source, validation: Share | None, default: Share) -> Share | None:
    """Return how much is to be drawn for validation, None for nothing."""
    if validation is not None and (isinstance(validation, bool) or validation != 0):
        number_of_pictures(validation, 1, "validation")
        if "validation" in source.parts:
            raise ArgumentError(
                f"validation is {brief_repr(validation)}, but {source.name} brings a validation "
                f"part of its own; leave validation out, or remove that part"
            )
        return validation
    return default if validation is None and "validation" not in source.parts else None
