"""Is an accuracy better than guessing? Its 95 % interval, and the best that one fixed answer does.

The interval is Wilson's score interval of a share r of n independent pictures, with z = 1.96:

    (r + z²/2n ± z √(r (1 − r) / n + z²/4n²)) / (1 + z²/n)

Wilson 1927, *Probable inference, the law of succession, and statistical inference*; recommended by
Brown, Cai and DasGupta 2001, *Interval estimation for a binomial proportion*. It stays within 0 and
1, and has a width also where all or none are right.

Guessing is the no-information rate: the share of the class that is most frequent among the pictures
that judge. No network that gives one answer to everything can do better on them, whatever it
learned from, and the rate needs nothing but the labels, so that every accuracy has one.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import checks
from pellucid.text import truncated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Z = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


@dataclass(frozen=True)
class Chance:
    """An accuracy beside what chance alone makes of it.

    Attributes:
        accuracy: The share of pictures that is right, 0 to 1.
        low: Lower end of its 95 % interval.
        high: Upper end.
        count: How many pictures there are.
        guess: The class that is most frequent among them; of equals, the first.
        guessing: Its share: the accuracy of always answering it.
    """

    accuracy: float
    low: float
    high: float
    count: int
    guess: str
    guessing: float

    @property
    def better_than_guessing(self) -> bool:
        """Whether the whole interval lies above guessing."""
        return self.low > self.guessing

    @property
    def interval(self) -> str:
        """The interval in words: ``95% interval 75.41% to 89.08%``."""
        return f"95% interval {self.low:.2%} to {self.high:.2%}"

    @property
    def always(self) -> str:
        """Guessing in words: ``always answering cat``."""
        return f"always answering {truncated(self.guess, 40)}"

    def __str__(self) -> str:
        return (
            f"{self.accuracy:.2%} right ({self.interval}; {self.always} would be right in "
            f"{self.guessing:.2%})"
        )

    @property
    def remark(self) -> str | None:
        """A remark where the interval holds guessing; else none."""
        if self.better_than_guessing or self.guessing == 1.0:  # 1: there is only one class
            return None
        return (
            f"no better than guessing: {self.always} would be right in {self.guessing:.2%}, and "
            f"the {self.interval} does not lie above that"
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values, with ``better_than_guessing``."""
        return {**asdict(self), "better_than_guessing": self.better_than_guessing}


def chance(right: int, labels: NDArray[np.integer[Any]], classes: Sequence[str]) -> Chance:
    """An accuracy beside its interval and guessing.

    Args:
        right: How many pictures are right.
        labels: The pictures' true classes as places, (N,), N at least 1.
        classes: The K class names.
    """
    return of_support(right, np.bincount(labels, minlength=len(classes)), classes)


def of_support(right: int, support: NDArray[np.integer[Any]], classes: Sequence[str]) -> Chance:
    """The same from how many pictures each class has, (K,)."""
    count, place = int(support.sum()), int(support.argmax())
    low, high = wilson(right, count)
    return Chance(right / count, low, high, count, classes[place], int(support[place]) / count)


def wilson(right: int, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share, both ends 0 to 1.

    Args:
        right: How many of them.
        count: Of how many, at least 1.

    Raises:
        ArgumentError: If these are not whole numbers, 0 ≤ right ≤ count.
    """
    checks.whole("count", count)
    checks.whole("right", right, 0, count)
    share, part = right / count, Z * Z / count
    half = Z * math.sqrt(share * (1.0 - share) / count + part / (4 * count))
    middle, scale = share + part / 2, 1.0 + part
    low = 0.0 if right == 0 else (middle - half) / scale
    high = 1.0 if right == count else (middle + half) / scale
    return low, high


def enough_pictures(accuracy: float, guessing: float) -> int | None:
    """How many pictures would show that an accuracy is better than guessing; none: no number would.

    The number is the least power of two times 25 for which the interval lies above.
    """
    if accuracy <= guessing:
        return None
    count = 25
    while wilson(round(accuracy * count), count)[0] <= guessing:
        count *= 2
        if count > 10**7:
            return None
    return count
