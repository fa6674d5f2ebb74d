"""Output shapes, weights and cost, against what forward does and against counting."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from pellucid.ops import Conv2D, ConvTranspose2D, Dense, Subsample
from tests.ops.cases import CASES, SWEEP, Case, Drawn

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.ops.operation import Shape

ROLES: dict[str, dict[str, str]] = {
    "batch_norm": {
        "gamma": "scale",
        "beta": "bias",
        "mean": "statistic",
        "variance": "statistic",
    },
    "conv2d": {"kernel": "kernel", "bias": "bias"},
    "conv_transpose2d": {"kernel": "kernel", "bias": "bias"},
    "dense": {"kernel": "kernel", "bias": "bias"},
    "embedding": {"table": "kernel"},
    **{
        kind: {
            "kernel": "kernel",
            "recurrent_kernel": "kernel",
            "bias": "bias",
            "recurrent_bias": "bias",
        }
        for kind in ("gru", "lstm")
    },
    "prelu": {"slope": "scale"},
    "subsample": {"coefficient": "scale", "bias": "bias"},
}
"""What each weight is for; operations that are not here have none."""


def count_convolution(op: Conv2D, drawn: Drawn) -> int:
    """One by one: every output value, every kernel cell, every channel of the group."""
    _, height, width, filters = drawn.cotangent.shape
    channels = drawn.inputs[0].shape[3]
    count = 0
    for _ in itertools.product(range(height), range(width)):
        for o in range(filters):
            group = o * op.groups // filters
            of_group = [c for c in range(channels) if c * op.groups // channels == group]
            for _ in itertools.product(range(op.size[0]), range(op.size[1]), of_group):
                count += 1
    return count


def count_transposed(op: ConvTranspose2D, drawn: Drawn) -> int:
    """One by one: every input value, every kernel cell, every filter."""
    count = 0
    for _ in itertools.product(*map(range, (*drawn.inputs[0].shape[1:], *op.size, op.filters))):
        count += 1
    return count


def count_dense(op: Dense, drawn: Drawn) -> int:
    count = 0
    rows, units = drawn.inputs[0][0], drawn.cotangent.shape[-1]
    for _ in itertools.product(*map(range, (*rows.shape, units))):
        count += 1
    return count


def count_damping(op: Any, drawn: Drawn) -> int:
    """A square for each channel of the window, and the damping itself."""
    return sum(op.size + 1 for _ in drawn.inputs[0][0].flat)


def one_each(op: Any, drawn: Drawn) -> int:
    """One for each value that comes out."""
    return len(list(drawn.cotangent[0].flat))


def count_resize(op: Any, drawn: Drawn) -> int:
    """Four products for each value between pixels, none for one that is copied."""
    return 4 * one_each(op, drawn) if op.method == "bilinear" else 0


def four_each(op: Any, drawn: Drawn) -> int:
    """Four for each value that comes out of four others."""
    return 4 * one_each(op, drawn)


def count_samples(op: Any, drawn: Drawn) -> int:
    """Four for each sample of each value."""
    return 4 * len(range(op.samples)) ** 2 * one_each(op, drawn)


def count_grid(op: Any, drawn: Drawn) -> int:
    """Two for each number of a place."""
    return 2 * one_each(op, drawn)


def none(op: Any, drawn: Drawn) -> int:
    """No multiplication that is followed by an addition."""
    return 0


def count_recurrent(operation: Any, drawn: Drawn) -> int:
    """Both kernels, once a step."""
    steps: int = drawn.inputs[0].shape[1]
    return steps * sum(drawn.weights[name].size for name in ("kernel", "recurrent_kernel"))


def count_products(operation: Any, drawn: Drawn) -> int:
    """A row of the first for each output."""
    y, _ = drawn.forward()
    depth: int = drawn.inputs[0].shape[2]
    return int(y[0].size) * depth


COSTS: dict[str, Callable[[Any, Drawn], int]] = {
    "batch_norm": one_each,
    "conv2d": count_convolution,
    "conv_transpose2d": count_transposed,
    "dense": count_dense,
    "local_response_norm": count_damping,
    "normalise": one_each,
    "affine_grid": count_grid,
    "projective_grid": count_grid,
    "grid_sample": four_each,
    "gru": count_recurrent,
    "matrix_product": count_products,
    "lstm": count_recurrent,
    "resize": count_resize,
    "roi_align": count_samples,
    "subsample": one_each,
}
"""Multiply-adds of one image, counted; of operations that are not here there are none."""


@pytest.mark.parametrize("case", [*CASES, *SWEEP], ids=str)
def test_output_shape_is_that_of_forward(case: Case) -> None:
    output, _ = case.draw().forward()
    assert output.shape == (case.batch, *case.operation.output_shape(*case.shapes))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_weights_and_their_roles(case: Case) -> None:
    parameters = case.operation.parameters(*case.shapes)
    roles = dict(ROLES.get(case.operation.kind, {}))
    if getattr(case.operation, "bias", True) is False:
        del roles["bias"]
    assert {name: p.role for name, p in parameters.items()} == roles
    for name, parameter in parameters.items():
        assert parameter.trainable == (name not in ("mean", "variance"))
        assert parameter.decays == (name in ("kernel", "recurrent_kernel", "table"))
        assert min(parameter.shape) >= 1


@pytest.mark.parametrize(
    ("operation", "shapes", "expected"),
    [
        (Conv2D(8, (3, 2)), [(7, 5, 6)], {"kernel": ((3, 2, 6, 8), 36, 48), "bias": ((8,), 1, 1)}),
        (Conv2D(8, (3, 2), groups=2, bias=False), [(7, 5, 6)], {"kernel": ((3, 2, 3, 8), 18, 24)}),
        (Conv2D(6, (3, 2), groups=6, bias=False), [(7, 5, 6)], {"kernel": ((3, 2, 1, 6), 6, 6)}),
        (
            ConvTranspose2D(8, (4, 3), (2, 3)),
            [(7, 5, 6)],
            {"kernel": ((4, 3, 6, 8), 12, 96), "bias": ((8,), 1, 1)},
        ),
        (Dense(4), [(7,)], {"kernel": ((7, 4), 7, 4), "bias": ((4,), 1, 1)}),
        (Dense(4), [(30, 7)], {"kernel": ((7, 4), 7, 4), "bias": ((4,), 1, 1)}),
        (Subsample((2, 3)), [(7, 5, 6)], {"coefficient": ((6,), 6, 6), "bias": ((6,), 1, 1)}),
    ],
    ids=["conv", "groups", "depthwise", "transposed", "dense", "rows", "subsample"],
)
def test_shapes_and_fans_by_hand(
    operation: Any, shapes: list[Shape], expected: dict[str, tuple[Shape, int, int]]
) -> None:
    """A kernel joins kh·kw·(channels of a group) inputs; an input reaches kh·kw·(its filters)."""
    found = operation.parameters(*shapes)
    assert {n: (p.shape, p.fan_in, p.fan_out) for n, p in found.items()} == expected


@pytest.mark.parametrize("case", CASES, ids=str)
def test_multiply_adds_counted_one_by_one(case: Case) -> None:
    expected = COSTS.get(case.operation.kind, none)(case.operation, case.draw())
    assert case.operation.multiply_adds(*case.shapes) == expected
