"""Between two steps: the state is kept where it is due, and training waits while it is to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pellucid.training.result import Keeper, Steering

SECONDS = 0.25
"""Between two looks whether training still waits."""


def rest(
    keepers: Sequence[Keeper],
    steering: Sequence[Steering],
    keep: Callable[[Keeper], None],
    take_in: Callable[[], None],
) -> float:
    """Keep the state where that is due, then wait as long as anyone wants it.

    Args:
        keepers: Who keeps the state.
        steering: Who may let training wait.
        keep: Lets a keeper keep it, and stops training if that is to stop.
        take_in: Called before that: takes in what else was asked, so that it is kept, too.

    Returns:
        The seconds that were waited.
    """
    rested = 0.0
    while True:
        due = [keeper for keeper in keepers if keeper.due()]
        take_in()
        for keeper in due:
            keep(keeper)
        if not any([each.paused() for each in steering]):  # all are asked  # noqa: C419
            return rested
        began = time.perf_counter()
        time.sleep(SECONDS)
        rested += time.perf_counter() - began
