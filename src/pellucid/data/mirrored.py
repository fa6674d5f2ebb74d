"""What is wanted of mirrored pictures: some numbers change their sign, such as a steering angle."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.targets import Numbers
from pellucid.errors import ArgumentError
from pellucid.text import listed, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.data.targets import Targets


def mirrored_targets(targets: Targets, negated: Sequence[str]) -> Targets:
    """The targets that pictures have once they are mirrored, left to right.

    Args:
        targets: Those of the pictures as they are.
        negated: The columns of numbers whose sign changes.

    Raises:
        ArgumentError: There are no such columns.
    """
    if not negated:
        return targets
    if not isinstance(targets, Numbers):
        raise ArgumentError(
            f"flip_negates is made for numbers, but the data are for {targets.title}; leave it out"
        )
    for name in negated:
        if name not in targets.columns:
            raise ArgumentError(
                f"flip_negates names {quoted(name, 80)}, which is no column of the data's "
                f"numbers; they are {listed(targets.columns)}"
            )
    sign = np.where([name in negated for name in targets.columns], -1.0, 1.0)
    return replace(targets, values=targets.values * sign)
