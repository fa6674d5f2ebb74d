"""CTC loss: a sequence of labels is wanted, and not at which steps each of them is found.

Of each step t, outputs are logits of K classes, one of them the blank, and y = softmax(z). A path
π names a class for each step; read without repeats and then without blanks, it gives labels, B(π).

    L = −log p(l),  p(l) = Σ_{π with B(π) = l} Π_t y[t, π_t]

With l′ = blank, l_1, blank, l_2, …, l_L, blank, of 2L + 1 symbols, and e_t(s) = y[t, l′_s],

    α_t(s) = e_t(s) · (α_{t−1}(s) + α_{t−1}(s − 1) + α_{t−1}(s − 2)),  α_0 = e_0 for s = 0 and 1
    β_t(s) = Σ_{r = s, s+1, s+2} e_{t+1}(r) · β_{t+1}(r),  β_{T−1} = 1 for the last two s
    p(l) = Σ_s α_t(s) · β_t(s) at any t
    ∂L/∂z[t, k] = y[t, k] − Σ_{s with l′_s = k} α_t(s) · β_t(s)/p(l)

where two symbols are passed at once only if that leaves out a blank between different labels. L
labels of which R repeat the one before take at least L + R steps. A batch's loss is the mean over
its sequences; it is not divided by their labels.

Graves et al. 2006, *Connectionist temporal classification*, sections 3 and 4; β here leaves out
its own step's factor. Computed in float64, in logarithms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from pellucid import checks
from pellucid.errors import ArgumentError, ShapeError
from pellucid.ops.cross_entropy import log_softmax
from pellucid.ops.loss import Loss
from pellucid.ops.operation import describe
from pellucid.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.ops.operation import Array, Shape

    Floats = NDArray[np.float64]
    Places = NDArray[np.int64]

NO_LABEL = -1
"""What fills up a row of labels."""


class Symbols(NamedTuple):
    """What labels are read along: with a blank before, between and after them.

    Attributes:
        classes: l′, the class of each symbol, (N, S) with S = 2L + 1.
        last: The place of the last blank, twice the number of labels, (N, 1).
        skips: Whether a symbol may follow the one two before it, (N, S).
    """

    classes: Places
    last: Places
    skips: NDArray[np.bool_]


@dataclass(frozen=True)
class CTCLoss(Loss):
    """The loss of a sequence of logits, (T, K), and of labels, (L,) filled up with −1.

    A map of one row or one column, (1, T, K) or (T, 1, K), is a sequence of its positions. Labels
    are classes 0..K − 1 other than the blank; there may be none.

    Attributes:
        labels: L, the most labels of a sequence, 1 to 10 000.
        blank: The class that stands for no label, from 0; the first, as PyTorch's default is.
    """

    kind: ClassVar[str] = "ctc_loss"
    labels: int = 32
    blank: int = 0

    def __post_init__(self) -> None:
        checks.whole("labels", self.labels, 1, 10_000)
        checks.whole("blank", self.blank, 0)

    def target_shape(self, outputs: Shape) -> Shape:
        return (self.labels,)

    def check_inputs(self, *inputs: Shape) -> None:
        if len(inputs) != 2:
            raise ShapeError(f"takes outputs and labels, got {counted(len(inputs), 'input')}")
        outputs, targets = inputs
        if not (len(outputs) == 2 or (len(outputs) == 3 and 1 in outputs[:2])):
            raise ShapeError(
                "takes logits of K classes for T steps, (T, K), or a map of one row or one "
                f"column, got {describe(outputs)}"
            )
        if outputs[-1] < 2 or self.blank >= outputs[-1]:
            raise ShapeError(
                f"takes at least 2 classes, with the blank, {self.blank}, among them, got "
                f"{outputs[-1]}"
            )
        if targets != self.target_shape(outputs):
            raise ShapeError(f"takes {counted(self.labels, 'label')}, got {describe(targets)}")

    def check_targets(self, targets: Array, count: int | None, shape: Shape) -> Array:
        if targets.ndim != 2 or targets.shape[1:] != shape or targets.dtype.kind not in "iuf":
            raise ShapeError(
                f"labels must be numbers (N, {shape[0]}), filled up with {NO_LABEL}, got "
                f"{targets.dtype} {targets.shape}"
            )
        if count is not None and len(targets) != count:
            raise ShapeError(
                f"takes rows of labels for {counted(count, 'image')}, got {len(targets)}"
            )
        whole = np.isfinite(targets) & (targets == np.round(targets)) & (targets >= NO_LABEL)
        _refuse(targets, ~whole, f"must be whole numbers from 0 up, or {NO_LABEL} for none")
        after = np.zeros(targets.shape, bool)
        after[:, 1:] = (targets[:, :-1] < 0) & (targets[:, 1:] >= 0)
        _refuse(targets, after, f"must come first, and only then {NO_LABEL} for none")
        _refuse(targets, targets == self.blank, "must be other classes than the blank")
        return targets

    def check_fit(self, targets: Array, outputs: Shape) -> None:
        """Check that labels, (N, L), are classes, and that the steps are enough for them.

        Raises:
            ArgumentError: Naming the first sequence whose labels are not, or need more steps.
        """
        *places, classes = outputs
        steps = math.prod(places)
        _refuse(targets, targets >= classes, f"must be below {classes}, the number of classes")
        repeats = (targets[:, 1:] == targets[:, :-1]) & (targets[:, 1:] >= 0)
        needed = (targets >= 0).sum(axis=1) + repeats.sum(axis=1)
        if (needed > steps).any():
            n = int((needed > steps).argmax())
            raise ArgumentError(
                f"the labels of sequence {n} take at least {int(needed[n])} steps, one each and "
                f"one between equal neighbours, but the outputs have {steps}; shorten the labels "
                "or give the network more steps"
            )

    def per_image(self, logits: Array, targets: Array) -> Array:
        log_y = _log_probabilities(logits)
        self.check_fit(targets, log_y.shape[1:])
        symbols = self.symbols(targets)
        *_, log_p = _sums(_of_symbols(log_y, symbols), symbols)
        return -log_p

    def value_and_gradient(self, logits: Array, targets: Array) -> tuple[float, Array]:
        log_y = _log_probabilities(logits)
        self.check_fit(targets, log_y.shape[1:])
        symbols = self.symbols(targets)
        ahead, behind, log_p = _sums(_of_symbols(log_y, symbols), symbols)
        shares = np.exp(ahead + behind - log_p[:, None, None])
        slopes = np.exp(log_y)
        images, steps, _ = log_y.shape
        places = np.arange(images)[:, None, None], np.arange(steps)[None, :, None]
        np.subtract.at(slopes, (*places, symbols.classes[:, None, :]), shares)
        return float(-log_p.mean()), (slopes / images).reshape(logits.shape).astype(logits.dtype)

    def symbols(self, targets: Array) -> Symbols:
        """Labels, (N, L), with blanks before, between and after them."""
        labels = targets.astype(np.int64)  # −1 reads the last class, where nothing counts
        classes = np.full((len(labels), 2 * labels.shape[1] + 1), self.blank, np.int64)
        classes[:, 1::2] = labels
        skips = np.zeros(classes.shape, bool)
        skips[:, 3::2] = labels[:, 1:] != labels[:, :-1]
        return Symbols(classes, 2 * (targets >= 0).sum(axis=1, keepdims=True), skips)


def _refuse(targets: Array, wrong: NDArray[np.bool_], rule: str) -> None:
    if wrong.any():
        n, place = (int(k) for k in np.argwhere(wrong)[0])
        raise ArgumentError(f"labels {rule}; sequence {n} has {targets[n, place]:g} at {place}")


def _log_probabilities(logits: Array) -> Floats:
    """The logarithm of y, (N, T, K), of sequences or of maps of one row or column."""
    steps = int(np.prod(logits.shape[1:-1]))
    rows = logits.reshape(len(logits), steps, logits.shape[-1])
    return log_softmax(rows.astype(np.float64))


def _of_symbols(log_y: Floats, symbols: Symbols) -> Floats:
    """The logarithm of e, (N, T, S): −∞ of symbols behind the last."""
    found = np.take_along_axis(log_y, symbols.classes[:, None, :], axis=2)
    within = np.arange(symbols.classes.shape[1]) <= symbols.last
    return np.where(within[:, None, :], found, -np.inf)


def _sums(log_e: Floats, symbols: Symbols) -> tuple[Floats, Floats, Floats]:
    """The logarithms of α and β, (N, T, S), and of p, (N,)."""
    steps = log_e.shape[1]
    ahead, behind = np.full_like(log_e, -np.inf), np.empty_like(log_e)
    ahead[:, 0, :2] = log_e[:, 0, :2]
    for t in range(1, steps):
        before = ahead[:, t - 1]
        skipped = np.where(symbols.skips, _moved(before, 2), -np.inf)
        ahead[:, t] = log_e[:, t] + _added(before, _moved(before, 1), skipped)
    places = np.arange(log_e.shape[2])
    ends = (places == symbols.last) | (places == symbols.last - 1)
    behind[:, -1] = np.where(ends, 0.0, -np.inf)
    for t in reversed(range(steps - 1)):
        after = behind[:, t + 1] + log_e[:, t + 1]
        skipped = np.where(symbols.skips, after, -np.inf)
        behind[:, t] = _added(after, _moved(after, -1), _moved(skipped, -2))
    return ahead, behind, np.logaddexp.reduce(ahead[:, -1] + behind[:, -1], axis=1)


def _added(first: Floats, second: Floats, third: Floats) -> Floats:
    """The logarithm of the sum of three numbers, of their logarithms."""
    return np.logaddexp(first, np.logaddexp(second, third))


def _moved(rows: Floats, by: int) -> Floats:
    """Rows moved to the right, or to the left where negative; −∞ comes in."""
    found = np.full_like(rows, -np.inf)
    if by > 0:
        found[:, by:] = rows[:, :-by]
    else:
        found[:, :by] = rows[:, -by:]
    return found
