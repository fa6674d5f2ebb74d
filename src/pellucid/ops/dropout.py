"""Dropout: in training each value is set to zero with probability ``rate``, the rest made larger.

    y = x · m / (1 − rate),  m = 1 with probability 1 − rate, else 0

At inference y = x. Srivastava et al. 2014, *Dropout*, section 10 (the "inverted" form scales in
training). The mask comes from :mod:`pellucid.counter_random`, so that engines agree on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pellucid import checks
from pellucid.counter_random import random_words
from pellucid.ops.elementwise import Elementwise
from pellucid.ops.operation import INFERENCE, Mode

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Backward, Forward, Weights
    from pellucid.ops.operation import Array, Family, Saved
    from pellucid.ops.terms import Rule


@dataclass(frozen=True)
class Dropout(Elementwise):
    """Dropout; any shape.

    Attributes:
        rate: The probability of being dropped, 0 to 0.999.
    """

    kind: ClassVar[str] = "dropout"
    title: ClassVar[str] = "dropout, which lets all through"
    family: ClassVar[Family] = "regularisation"
    rule: ClassVar[Rule] = "sum"
    rate: float = 0.5

    def __post_init__(self) -> None:
        checks.number("rate", self.rate, 0.0, 0.999)

    @property
    def threshold(self) -> int:
        """A value is kept where its 32-bit random word is at least this."""
        return round(self.rate * 2**32)

    def forward(self, inputs: Arrays, weights: Weights, mode: Mode = INFERENCE) -> Forward:
        (x,) = inputs
        if not mode.training:
            return x, None
        words = random_words(x.shape, mode.seed, mode.step, mode.stream, first=mode.first)
        kept = words >= self.threshold
        scale = kept.astype(x.dtype) / x.dtype.type(1.0 - self.rate)
        return x * scale, scale

    def backward(self, gradient: Array, saved: Saved, weights: Weights) -> Backward:
        return (gradient if saved is None else gradient * saved,), {}
