"""Test by every N-th group: of N such folds each picture is in one, so that all are judged once.

``2/5`` is the second of five folds: of the groups in the order of their names, the second, the
seventh, and so on. With blocks of rows (``group="rows:100"``) these are the blocks b with
b mod 5 = 1; with as many folds as groups, each fold leaves one group out.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.group_split import group_split
from pellucid.data.groups import GroupError
from pellucid.errors import ArgumentError, DataError
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pellucid.data.folder import PictureFolder
    from pellucid.data.groups import Groups

TEST = "test"
"""The part that is a fold."""

_FOLD = re.compile(r"([1-9]\d{0,5})/([1-9]\d{0,5})")


def checked_fold(fold: object) -> tuple[int, int] | None:
    """``"2/5"`` as (2, 5), None as None.

    Raises:
        ArgumentError: It is no fold of at least two.
    """
    if fold is None:
        return None
    found = _FOLD.fullmatch(fold.strip()) if isinstance(fold, str) else None
    which, of = (0, 0) if found is None else (int(found[1]), int(found[2]))
    if of < 2 or not 1 <= which <= of:
        raise ArgumentError(
            f"test_fold is {fold!r:.50}; expected which of how many folds, such as '2/5'"
        )
    return which, of


def with_fold(found: PictureFolder, fold: str, name: str) -> PictureFolder:
    """The same pictures, whose groups remember which of them are the test.

    Args:
        found: Pictures with groups.
        fold: Which fold the test is.
        name: What the data are called in messages.

    Raises:
        GroupError: The data are divided already.
    """
    if "all" not in found.parts:
        raise GroupError(
            f"{name}: test_fold is {fold}, but the data bring the parts "
            f"{' and '.join(found.parts)}; leave test_fold out"
        )
    files = tuple(
        replace(file, group=file.group and file.group._replace(fold=fold))
        for file in found.parts["all"]
    )
    return replace(found, parts={"all": files})


def fold_split(
    strata: NDArray[np.int64],
    groups: Groups,
    sizes: Mapping[str, int],
    *,
    rest: str,
    seed: int,
    name: str,
) -> dict[str, NDArray[np.int64]]:
    """Take a fold for the test, and draw the other parts from what it leaves, in whole groups.

    Args:
        strata: As :func:`pellucid.data.group_split.group_split` takes them.
        groups: The group of each picture, and the fold.
        sizes: How many pictures each drawn part should have; the test's own counts for nothing.
        rest: Name of the part that takes what remains.
        seed: Of what is drawn.
        name: What the data are called in messages.

    Returns:
        The positions of each part in ascending order, ``rest`` first.

    Raises:
        DataError: The fold has all groups or none, or the only ones of a class.
    """
    wanted = checked_fold(groups.fold)
    assert wanted is not None
    which, of = wanted
    if of > groups.count:
        raise DataError(
            f"{name}: test_fold is {printable(groups.fold)}, but there "
            f"{'is' if groups.count == 1 else 'are'} only {counted(groups.count, 'group')}; ask "
            "for as many folds at most, or make groups smaller"
        )
    inside = groups.numbers % of == which - 1
    left = np.flatnonzero(~inside)
    if strata.ndim == 1 and len(missing := np.setdiff1d(strata, strata[left])):
        raise DataError(
            f"{name}: the fold {printable(groups.fold)} has all pictures of "
            f"{counted(len(missing), 'class')}, of which nothing could be learned then; give "
            "more groups, or other folds"
        )
    drawn = {part: size for part, size in sizes.items() if part != TEST}
    kept = groups.subset(left)
    parts = group_split(strata[left], kept.numbers, drawn, rest=rest, seed=seed, name=name)
    return {**{part: left[chosen] for part, chosen in parts.items()}, TEST: np.flatnonzero(inside)}
