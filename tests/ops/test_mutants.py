"""Faults in the source of every backward, derivative and loss: the battery must catch each one.

Caught means that a check fails, or that the changed function raises. What is not caught is listed
by hand with the reason why it changes nothing; anything else fails here.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pellucid.ops import (
    LOSSES,
    OPERATIONS,
    AnchorLoss,
    CentreLoss,
    CTCLoss,
    RegionLoss,
    SequenceCrossEntropy,
)
from pellucid.ops.pointwise import Pointwise
from pellucid.optimizers import OPTIMIZERS
from tests.ops.cases import SMOOTH
from tests.ops.centre_loss_oracle import LOSS, check_centre_loss
from tests.ops.ctc_loss_oracle import CTC, check_ctc_loss
from tests.ops.gradients import judge
from tests.ops.loss_cases import LOSS_CASES
from tests.ops.loss_oracle import check_loss
from tests.ops.mutation import Mutant, Target, mutants, targets, unchanged
from tests.ops.sequence_loss_oracle import WORDS_LOSS, check_sequence_loss
from tests.ops.test_kinks import SLOPES, slope_at
from tests.ops.test_optimizers import PEERS, check_peer
from tests.ops.two_stages import (
    ANCHOR_LOSS,
    REGION_LOSS,
    check_anchor_loss,
    check_region_loss,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.ops.cases import Drawn

ANY_NEGATIVE = "NumPy's reshape takes any negative length for the one to be found"
SPLIT = "rows and window cells are merged again at once, so how they are told apart is all the same"
LAST_AXIS = "of logits (N, K) the last axis is axis 1"
NOWHERE = "outside, its factor is 0, wherever it is read"
EXACTLY = "no IoU of the boxes here is exactly 0.3 or 0.7"
FROM_WIDTH = "of 7 + 5K, up to 4 more make no further five"
EQUIVALENT = {
    (
        "RoIAlign.backward",
        "rows = down.reshape(n, -2, height).swapaxes(-1, -2)",
    ): ANY_NEGATIVE,
    (
        "RoIAlign.backward",
        "dx = rows @ lines.reshape(n, -2, width * channels)",
    ): ANY_NEGATIVE,
    (
        "Dense.backward",
        "rows, slopes = (array.reshape(-2, array.shape[-1]) for array in (x, gradient))",
    ): ANY_NEGATIVE,
    ("grid_sample._beside", "on_axis = np.where(inside, position, -1).astype(np.int64)"): NOWHERE,
    (
        "ConvTranspose2D.backward",
        "dk = (x_nhwc.reshape(-2, channels).T @ rows).reshape(channels, *self.size, self.filters)",
    ): ANY_NEGATIVE,
    (
        "ConvTranspose2D._rows",
        "return patches.cut(y_nhwo, self.window).reshape(-2, places * self.filters)",
    ): ANY_NEGATIVE,
    (
        "conv_transpose2d._matrix",
        "return kernel.transpose(2, 0, 1, 3).reshape(kernel.shape[2], -2)",
    ): ANY_NEGATIVE,
    (
        "resize._spread",
        "found[place] -= along[k] * gradient.dtype.type(factor)",
    ): "across and then down: two minus signs make a plus",
    (
        "Conv2D._grouped",
        "return y_nhwo.reshape(-2, self.groups, self.filters // self.groups).transpose(1, 0, 2)",
    ): ANY_NEGATIVE,
    (
        "Conv2D._kernels",
        "flat = kernel.reshape(-2, self.groups, self.filters // self.groups)",
    ): ANY_NEGATIVE,
    (
        "Conv2D._unrows",
        "cut = rows_gmk.reshape(self.groups, -2, inside, joined).transpose(1, 2, 0, 3)",
    ): ANY_NEGATIVE,
    ("Conv2D._unrows", "inside, joined = (self.size[0], channels // self.groups)"): SPLIT,
    ("Conv2D._unrows", "inside, joined = (self.size[1], channels // self.groups)"): SPLIT,
    ("cross_entropy.log_softmax", "largest = z.argmax(axis=1, keepdims=True)"): LAST_AXIS,
    (
        "cross_entropy.log_softmax",
        "shifted = z - np.take_along_axis(z, largest, axis=1)",
    ): LAST_AXIS,
    (
        "cross_entropy.log_softmax",
        "others = np.take_along_axis(sum_of_others(np.exp(shifted)), largest, axis=1)",
    ): LAST_AXIS,
    (
        "AnchorLoss.of_picture",
        "parts = (at_z.reshape(height, width, -2), at_numbers.reshape(height, width, -1))",
    ): ANY_NEGATIVE,
    (
        "AnchorLoss.of_picture",
        "parts = (at_z.reshape(height, width, -1), at_numbers.reshape(height, width, -2))",
    ): ANY_NEGATIVE,
    (
        "anchor_loss.wanted_anchors",
        "chosen = (most > LEAST_POSITIVE) | ((overlap == best) & (best > 0)).any(axis=1)",
    ): EXACTLY,
    ("anchor_loss.wanted_anchors", "negative = (most <= LEAST) & ~chosen"): EXACTLY,
    ("anchor_loss.wanted_anchors", "owner = np.full(len(every), -2)"): "any negative is nobody",
    ("region_loss.check_rows", "classes = (shape[-1] - COLUMNS + 1) // 5"): FROM_WIDTH,
    ("region_loss.check_rows", "classes = (shape[-1] - COLUMNS - 0) // 5"): FROM_WIDTH,
    ("ctc_loss._moved", "if by > -1:"): "nothing is moved by 0",
    ("ctc_loss._moved", "if by >= 0:"): "nothing is moved by 0",
    ("CentreLoss.of_picture", "cells = wanted.weights > -1"): "cells without a box weigh 0",
    ("CentreLoss.of_picture", "cells = wanted.weights >= 0"): "cells without a box weigh 0",
}
"""(function, what a statement becomes): why no number changes."""


def is_caught_in_a_gradient(mutant: Mutant, kind: str) -> bool:
    """By differences of the unchanged forward, or by a declared slope at a kink."""
    for case in (c for c in SMOOTH if c.operation.kind == kind):
        drawn, spoilt = case.draw(), mutant.spoil(case.operation)

        def check(drawn: Drawn = drawn, spoilt: Any = spoilt) -> None:
            judge(drawn.case).check(drawn.carried_back(spoilt))

        if fails(check):
            return True
    for operation, x, slope in (s for s in SLOPES if s[0].kind == kind):
        if slope_at(mutant.spoil(operation), x) != slope:
            return True
    return False


def is_caught_in_a_loss(mutant: Mutant, kind: str) -> bool:
    cases = [case for case in LOSS_CASES if case.loss.kind == kind]
    return any(fails(partial(check_loss, mutant.spoil(case.loss), case)) for case in cases)


def is_caught_in_the_centre_loss(mutant: Mutant, kind: str) -> bool:
    return fails(partial(check_centre_loss, mutant.spoil(LOSS)))


def is_caught_in_the_ctc_loss(mutant: Mutant, kind: str) -> bool:
    return fails(partial(check_ctc_loss, mutant.spoil(CTC)))


def is_caught_in_the_anchor_loss(mutant: Mutant, kind: str) -> bool:
    return fails(partial(check_anchor_loss, mutant.spoil(ANCHOR_LOSS)))


def is_caught_in_the_region_loss(mutant: Mutant, kind: str) -> bool:
    return fails(partial(check_region_loss, mutant.spoil(REGION_LOSS)))


def is_caught_in_the_loss_of_sequences(mutant: Mutant, kind: str) -> bool:
    return fails(partial(check_sequence_loss, mutant.spoil(WORDS_LOSS)))


def is_caught_in_an_optimizer(mutant: Mutant, kind: str) -> bool:
    peers = [peer for peer in PEERS if peer.rule.kind == kind]
    return any(fails(partial(check_peer, mutant.spoil(p.rule), p, "float64")) for p in peers)


def fails(check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception:  # noqa: BLE001 - a check that fails, or whatever else a mutant raises
        return True
    return False


CATCHERS: dict[str, Callable[[Mutant, str], bool]] = {
    **dict.fromkeys(OPERATIONS, is_caught_in_a_gradient),
    **dict.fromkeys(LOSSES, is_caught_in_a_loss),
    AnchorLoss.kind: is_caught_in_the_anchor_loss,
    CentreLoss.kind: is_caught_in_the_centre_loss,
    CTCLoss.kind: is_caught_in_the_ctc_loss,
    RegionLoss.kind: is_caught_in_the_region_loss,
    SequenceCrossEntropy.kind: is_caught_in_the_loss_of_sequences,
    **dict.fromkeys(OPTIMIZERS, is_caught_in_an_optimizer),
}


def functions() -> dict[Target, list[str]]:
    """Every function behind a gradient, and the kinds that use it."""
    found: dict[Target, list[str]] = {}
    tables: tuple[tuple[Mapping[str, type], tuple[str, ...]], ...] = (
        (OPERATIONS, ("backward", "derivative")),
        (LOSSES, ("value_and_gradient",)),
        (OPTIMIZERS, ("update",)),
    )
    for table, entries in tables:
        for kind, made in table.items():
            for target in targets(made, *entries):
                found.setdefault(target, []).append(kind)
    return found


FUNCTIONS = functions()


@pytest.mark.parametrize(("target", "kinds"), FUNCTIONS.items(), ids=map(str, FUNCTIONS))
def test_every_change_is_caught(target: Target, kinds: list[str]) -> None:
    missed = {
        mutant.becomes
        for mutant in mutants(target)
        if not any(CATCHERS[kind](mutant, kind) for kind in kinds)
    }
    assert missed == {line for name, line in EQUIVALENT if name == str(target)}


@pytest.mark.parametrize(("target", "kinds"), FUNCTIONS.items(), ids=map(str, FUNCTIONS))
def test_what_is_not_changed_is_not_caught(target: Target, kinds: list[str]) -> None:
    """Compiling a file again must not itself be what fails."""
    for kind in kinds:
        assert not CATCHERS[kind](unchanged(target), kind)


def test_the_functions_behind_gradients_are_found() -> None:
    names = set(map(str, FUNCTIONS))
    assert names >= {made.backward.__qualname__ for made in OPERATIONS.values()}
    assert names >= {
        *(f"{m.__name__}.derivative" for m in OPERATIONS.values() if issubclass(m, Pointwise)),
        *(made.value_and_gradient.__qualname__ for made in LOSSES.values()),
        "Conv2D._unrows",
        "AveragePool._counts",
        "LocalResponseNorm._over_neighbours",
        "softmax.softmax_backward",
        "patches.paste",
        "patches.offsets",
        "CrossEntropy._weighted",
        "SGD.update",
        "Adam.update",
    }


def test_there_is_much_to_catch() -> None:
    assert sum(1 for target in FUNCTIONS for _ in mutants(target)) > 250
