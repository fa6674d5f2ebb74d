"""Deletion and insertion: a heatmap judged by what the network does without the pixels it names.

Pixels are taken away (or put back) in the heatmap's order, strongest first, and the probability
of the class or label, or the number in its unit, is followed. A good heatmap makes it fall soon
(small area under the deletion curve) and rise soon (large area under the insertion curve). Petsiuk
et al. 2018, *RISE*, section 4.3. Areas say something only beside those of other orders: a random
one is computed with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid import checks
from pellucid.engines.batches import forward, images_at_once, parts
from pellucid.errors import ArgumentError
from pellucid.explain.baseline import MEAN, baseline_pixels
from pellucid.explain.records import number, numbers, record
from pellucid.record import Record
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from pellucid.explain.baseline import Baseline
    from pellucid.explain.heatmap import Heatmap
    from pellucid.explain.score import Score
    from pellucid.ops.operation import Array

STEPS = 32


@short_repr
@dataclass(frozen=True, eq=False)
class Faithfulness(Record):
    """How a heatmap's order of pixels fares.

    Attributes:
        shares: The share of pixels that is taken away, or put back, 0 to 1, (steps + 1,).
        deletion: The probability of the class or label, 0 to 1, or the number in its unit, after so
            many are taken away, (steps + 1,).
        insertion: After that number is put back.
        random_deletion: The area under the deletion curve of a random order.
        random_insertion: The same for insertion.
        engine: Who computed the network's outputs, and in what precision.
        followed: What the curves follow: ``probability of cat``, or a number's name.
    """

    record_kind: ClassVar[str] = "faithfulness"
    shares: Array
    deletion: Array
    insertion: Array
    random_deletion: float
    random_insertion: float
    engine: str = ""
    followed: str = "probability"

    @property
    def deletion_area(self) -> float:
        """The area under the deletion curve (of probabilities 0 to 1); small is good."""
        return area(self.shares, self.deletion)

    @property
    def insertion_area(self) -> float:
        """The area under the insertion curve (of probabilities 0 to 1); large is good."""
        return area(self.shares, self.insertion)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return record(
            "faithfulness",
            engine=self.engine,
            followed=self.followed,
            shares=numbers(self.shares),
            deletion=numbers(self.deletion),
            insertion=numbers(self.insertion),
            deletion_area=number(self.deletion_area),
            insertion_area=number(self.insertion_area),
            random_deletion_area=number(self.random_deletion),
            random_insertion_area=number(self.random_insertion),
        )


def faithfulness(
    heatmap: Heatmap, *, steps: int = STEPS, baseline: Baseline = MEAN, seed: int = 0
) -> Faithfulness:
    """Judge a heatmap by deletion and insertion.

    Args:
        heatmap: Whose pixels are ordered by their values, largest first.
        steps: In how many steps all pixels go; at most as many as there are.
        baseline: What stands for a pixel that is gone.
        seed: Of the random order that it is compared with.

    Raises:
        ArgumentError: If a setting is out of its range, or the heatmap is empty or constant, and so
            orders no pixels.
    """
    if heatmap.empty is not None:
        raise ArgumentError(
            f"the heatmap orders no pixels, so that it has no faithfulness: {heatmap.empty.line}"
        )
    scored, values = heatmap.scored, heatmap.values
    checks.whole("steps", steps, 1, values.size)
    checks.whole("seed", seed, 0, 2**32 - 1)
    order = np.argsort(-values, axis=None, kind="stable")
    shares, deletion, insertion = _curves(scored, order, steps, baseline)
    chance = np.random.default_rng(seed).permutation(values.size)
    _, without, with_ = _curves(scored, chance, steps, baseline)
    chances = area(shares, without), area(shares, with_)
    followed = scored.output.read_words
    return Faithfulness(shares, deletion, insertion, *chances, scored.activations.engine, followed)


def area(shares: Array, curve: Array) -> float:
    """The area under a curve, by trapezia."""
    return float((np.diff(shares) * (curve[1:] + curve[:-1]) / 2.0).sum())


def _curves(
    scored: Score, order: Array, steps: int, baseline: Baseline
) -> tuple[Array, Array, Array]:
    image = scored.image.astype(np.float32)
    height, width, _ = image.shape
    even = np.broadcast_to(baseline_pixels(scored.graph, baseline), image.shape)
    counts = np.round(np.linspace(0, order.size, steps + 1)).astype(int)
    rank = np.empty(order.size, int)
    rank[order] = np.arange(order.size)
    ranks = rank.reshape(1, height, width, 1)
    size = images_at_once(image.nbytes)
    curves = []
    for first, second in ((even, image), (image, even)):
        found = []
        for part in parts(len(counts), size):
            gone = ranks < counts[part, None, None, None]
            found.append(forward(scored.program, np.where(gone, first, second)))
        curves.append(scored.read_of(np.concatenate(found)))
    return counts / order.size, curves[0], curves[1]
